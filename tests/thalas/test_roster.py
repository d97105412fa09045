"""Who may vote: analysts always, providers only when keys may be used, the emulator only when asked for."""

from decimal import Decimal

from providers.voters.analysts import ANALYSTS
from thalas import env, roster

KEY = {"OPENAI_API_KEY": "sk-1234567890"}
SHED = {"SHED_BASE_URL": "http://127.0.0.1:8080/v1", "SHED_MODEL": "tiny"}


def names(**variables: str) -> set[str]:
    return set(roster.specs(env.read(variables))) - set(ANALYSTS)


def test_without_anything_the_five_analysts_vote_and_cost_nothing() -> None:
    specs = roster.specs(env.read({}))
    assert set(specs) == set(ANALYSTS)
    assert {spec.price for spec in specs.values()} == {"free"}
    assert {spec.is_simulated for spec in specs.values()} == {False}


def test_a_key_that_lies_in_the_shell_is_not_used_until_somebody_says_so() -> None:
    assert names(**KEY, **SHED) == set()
    assert names(**KEY, **SHED, USE_KEYS="1") == {"openai", "shed"}


def test_a_provider_that_is_switched_off_or_has_no_key_does_not_vote() -> None:
    assert names(**KEY, USE_KEYS="1", OPENAI_ENABLED="0") == set()
    keyless = {"FAR_BASE_URL": "https://example.org/v1", "FAR_MODEL": "m"}
    assert names(**keyless, USE_KEYS="1") == set()
    assert names(**keyless, FAR_API_KEY="k-12345678", USE_KEYS="1") == {"far"}


def test_a_server_on_this_machine_is_free_unless_a_price_is_stated() -> None:
    specs = roster.specs(env.read({**SHED, "USE_KEYS": "1"}))
    assert specs["shed"].price == "free"
    specs = roster.specs(env.read({**SHED, "SHED_PRICE": "1/2", "USE_KEYS": "1"}))
    assert specs["shed"].price == "1/2"


def test_a_vendors_price_comes_from_the_list() -> None:
    assert roster.specs(env.read({**KEY, "USE_KEYS": "1"}))["openai"].price is None


def test_emulated_voters_sit_only_when_asked_for_and_are_marked() -> None:
    specs = roster.specs(env.read({"EMULATOR": "1", "THALAS_EMULATOR_PORT": "9123"}))
    emulated = [spec for spec in specs.values() if spec.provider == "emulator"]
    assert len(emulated) == 4
    assert all(spec.is_simulated for spec in emulated)
    assert {spec.base_url for spec in emulated} == {"http://127.0.0.1:9123/v1"}


def test_each_voter_gets_its_own_providers_key_only() -> None:
    environment = env.read({**KEY, **SHED, "USE_KEYS": "1", "EMULATOR": "1"})
    keys = {name: roster.api_key(environment, spec) for name, spec in roster.specs(environment).items()}
    assert {name: key for name, key in keys.items() if key} == {"openai": "sk-1234567890"}


def test_a_providers_own_limits_go_with_each_of_its_voters() -> None:
    limits = {"SHED_REQUESTS_PER_MINUTE": "12", "SHED_TOKENS_PER_MINUTE": "3000"}
    specs = roster.specs(env.read({**KEY, **SHED, **limits, "USE_KEYS": "1"}))
    assert (specs["shed"].requests_per_minute, specs["shed"].tokens_per_minute) == (12, 3_000)
    assert (specs["openai"].requests_per_minute, specs["openai"].tokens_per_minute) == (None, None)


def test_caps_are_a_dollar_a_day_unless_the_environment_says_otherwise() -> None:
    caps = roster.caps_usd(env.read({**KEY, **SHED, "SHED_CAP_USD_PER_DAY": "0.05"}))
    assert caps == {"openai": Decimal("1.00"), "shed": Decimal("0.05"), "emulator": Decimal(100)}
