"""The part of the environment that adds voters: keys, addresses, models, weights, caps."""

from decimal import Decimal

import pytest
from pydantic import SecretStr

from providers.voters.vendors import VENDORS, Vendor
from thalas import env
from thalas.env_providers import ProviderSettings, read_providers


def one(**variables: str) -> ProviderSettings:
    """Return the only provider that these variables describe."""
    (provider,) = env.read(variables).providers
    return provider


def problem(**variables: str) -> str:
    """Return the only problem that these variables have."""
    _, _, problems = read_providers(variables)
    (line,) = problems
    return line


def test_a_known_vendor_needs_its_key_only() -> None:
    openai = one(OPENAI_API_KEY="sk-1")
    assert (openai.name, openai.base_url) == ("openai", "https://api.openai.com/v1")
    assert openai.model
    assert openai.api_key == SecretStr("sk-1")
    assert (openai.enabled, openai.weight, openai.cap_usd_per_day) == (True, 1.0, Decimal("1.00"))
    assert openai.is_local is False


def test_every_field_of_a_provider_has_a_variable() -> None:
    openai = one(
        OPENAI_API_KEY="sk-1",
        OPENAI_BASE_URL="https://proxy.example.org/v1/",
        OPENAI_MODEL="m-2",
        OPENAI_WIRE="openai_responses",
        OPENAI_ENFORCED="json_object",
        OPENAI_EFFORT="low",
        OPENAI_ENABLED="false",
        OPENAI_WEIGHT="2.5",
        OPENAI_MAX_TOKENS="500",
        OPENAI_TEMPERATURE="0.2",
        OPENAI_TIMEOUT="9",
        OPENAI_MAX_RETRIES="0",
        OPENAI_PRICE="0.25/2.00",
        OPENAI_CAP_USD_PER_DAY="0.50",
        OPENAI_REQUESTS_PER_MINUTE="60",
        OPENAI_TOKENS_PER_MINUTE="90000",
    )
    assert openai.model_dump(exclude={"api_key"}) == {
        "name": "openai",
        "wire": "openai_responses",
        "enforced": "json_object",
        "seed": None,
        "effort": "low",
        "base_url": "https://proxy.example.org/v1",
        "model": "m-2",
        "enabled": False,
        "weight": 2.5,
        "max_tokens": 500,
        "temperature": 0.2,
        "timeout": 9.0,
        "max_retries": 0,
        "price": "0.25/2.00",
        "cap_usd_per_day": Decimal("0.50"),
        "requests_per_minute": 60,
        "tokens_per_minute": 90_000,
    }


def test_another_server_needs_an_address_and_a_model() -> None:
    shed = one(SHED_BASE_URL="http://127.0.0.1:8080/v1", SHED_MODEL="tiny")
    assert (shed.name, shed.model, shed.api_key, shed.is_local) == ("shed", "tiny", None, True)


def test_a_server_without_a_model_is_ignored_and_that_is_said() -> None:
    read = env.read({"SHED_BASE_URL": "http://127.0.0.1:8080/v1"})
    assert read.providers == ()
    assert read.notices == ("SHED_BASE_URL is ignored: SHED_MODEL does not say which model to ask there",)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_http_is_allowed_on_this_machine(host: str) -> None:
    assert one(SHED_BASE_URL=f"http://{host}:8080/v1", SHED_MODEL="m").is_local


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://example.org/v1", "must be https unless the server is on this machine"),
        ("http://127.0.0.1.example.org/v1", "must be https unless the server is on this machine"),
        ("http://localhost@example.org/v1", "without a user or password in it"),
        ("ftp://example.org", "must be an http(s) URL"),
        ("example.org/v1", "must be an http(s) URL"),
        ("https://", "must be an http(s) URL"),
        ("http://[::1", "Invalid IPv6 URL"),
        ("https://example.org:port/v1", "Port could not be cast"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str, told: str) -> None:
    line = problem(SHED_BASE_URL=url, SHED_MODEL="m")
    assert line.startswith("SHED_BASE_URL=")
    assert told in line


def test_a_password_within_an_address_is_refused_and_not_repeated() -> None:
    line = problem(SHED_BASE_URL="https://me:hunter2@example.org/v1", SHED_MODEL="m")
    assert line.startswith(
        "SHED_BASE_URL=(value not shown): must be an http(s) URL without a user or password"
    )
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("WEIGHT", "-1"),
        ("WEIGHT", "nan"),
        ("WEIGHT", "101"),
        ("MAX_TOKENS", "1"),
        ("REQUESTS_PER_MINUTE", "0"),
        ("TOKENS_PER_MINUTE", "0"),
        ("MAX_TOKENS", "many"),
        ("TEMPERATURE", "2.1"),
        ("TIMEOUT", "0"),
        ("TIMEOUT", "inf"),
        ("MAX_RETRIES", "6"),
        ("PRICE", "cheap"),
        ("PRICE", "-1/2"),
        ("PRICE", "1/2/3/4"),
        ("CAP_USD_PER_DAY", "-0.01"),
        ("CAP_USD_PER_DAY", "NaN"),
        ("ENABLED", "perhaps"),
        ("MODEL", "m" * 101),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_variable(field: str, value: str) -> None:
    line = problem(**{"OPENAI_API_KEY": "sk-1", f"OPENAI_{field}": value})
    assert line.startswith(f"OPENAI_{field}={value!r}: ")


def test_several_providers_and_all_their_problems_are_told_at_once() -> None:
    providers, _, problems = read_providers(
        {
            "OPENAI_API_KEY": "sk-1",
            "OPENAI_WEIGHT": "-1",
            "OPENAI_TIMEOUT": "0",
            "SHED_BASE_URL": "http://localhost:1/v1",
            "SHED_MODEL": "m",
            "BARN_BASE_URL": "http://example.org",
            "BARN_MODEL": "m",
        }
    )
    assert [provider.name for provider in providers] == ["shed"]
    assert sorted(line.split("=")[0] for line in problems) == [
        "BARN_BASE_URL",
        "OPENAI_TIMEOUT",
        "OPENAI_WEIGHT",
    ]


@pytest.mark.parametrize("name", ["ANALYST", "EMULATOR", "TREND", "MEAN_REVERSION"])
def test_a_name_that_the_house_uses_itself_is_refused(name: str) -> None:
    # A provider called trend would take the seat of the analyst.
    variables = {f"{name}_BASE_URL": "http://localhost:1/v1", f"{name}_MODEL": "m"}
    assert problem(**variables).startswith(f"{name}_BASE_URL cannot be used: ")


def test_a_name_longer_than_its_column_is_refused() -> None:
    long = "X" * 41
    assert problem(**{f"{long}_BASE_URL": "http://localhost:1/v1", f"{long}_MODEL": "m"}).startswith(long)


def test_our_own_variables_are_no_providers() -> None:
    assert read_providers({"THALAS_X_BASE_URL": "http://localhost", "_BASE_URL": "x"}) == ((), (), [])


def test_a_local_address_with_a_key_may_charge_and_is_not_taken_for_free() -> None:
    (proxy,), _, problems = read_providers(
        {"OPENAI_API_KEY": "sk-a-key", "OPENAI_BASE_URL": "http://localhost:4000/v1"}
    )
    assert (proxy.is_local, proxy.is_free, problems) == (True, False, [])


def test_a_local_address_without_a_key_is_free() -> None:
    (server,), _, _ = read_providers({"LLAMA_BASE_URL": "http://127.0.0.1:8080/v1", "LLAMA_MODEL": "small"})
    assert server.is_free


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_every_vendor_needs_its_key_only(vendor: Vendor) -> None:
    for prefix in vendor.prefixes:
        provider = one(**{f"{prefix}API_KEY": "sk-1"})
        assert (provider.name, provider.wire, provider.model) == (
            vendor.name,
            vendor.wire,
            vendor.default_model,
        )
        assert (provider.base_url, provider.effort) == (vendor.base_url, vendor.default_effort)


def test_groks_variables_may_begin_with_xai() -> None:
    grok = one(
        XAI_API_KEY="xai-1", XAI_MODEL="m-3", GROK_WEIGHT="2", XAI_BASE_URL="https://proxy.example.org"
    )
    assert (grok.name, grok.model, grok.weight) == ("grok", "m-3", 2.0)
    assert grok.base_url == "https://proxy.example.org"


def test_two_names_for_one_thing_that_say_different_things_are_a_problem() -> None:
    _, _, problems = read_providers({"GROK_API_KEY": "not-shown-1", "XAI_API_KEY": "not-shown-2"})
    assert problems == ["XAI_API_KEY says something else than GROK_API_KEY: take one of them"]
    assert one(GROK_API_KEY="xai-1", XAI_API_KEY="xai-1").name == "grok"


def test_a_problem_names_the_variable_that_was_set() -> None:
    assert problem(XAI_API_KEY="xai-1", XAI_WEIGHT="-1").startswith("XAI_WEIGHT='-1': ")


@pytest.mark.parametrize("variable", ["OLLAMA_MODEL", "OLLAMA_ENABLED", "OLLAMA_BASE_URL"])
def test_a_vendor_on_this_machine_needs_no_key(variable: str) -> None:
    values = {"OLLAMA_MODEL": "m", "OLLAMA_ENABLED": "true", "OLLAMA_BASE_URL": "http://127.0.0.1:11434/v1"}
    ollama = one(**{variable: values[variable]})
    assert (ollama.name, ollama.is_free) == ("ollama", True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"GROK_API_KEY": "k", "GROK_SEED": "7"}, "GROK_SEED='7': grok takes none"),
        ({"DEEPSEEK_API_KEY": "k", "DEEPSEEK_EFFORT": "low"}, "DEEPSEEK_EFFORT='low': deepseek takes none"),
        (
            {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_TEMPERATURE": "1.5"},
            "ANTHROPIC_TEMPERATURE='1.5': anthropic takes 1 at most",
        ),
        ({"OPENAI_API_KEY": "k", "OPENAI_WIRE": "telex"}, "OPENAI_WIRE='telex': Input should be"),
        ({"OPENAI_API_KEY": "k", "OPENAI_ENFORCED": "hard"}, "OPENAI_ENFORCED='hard': Input should be"),
        ({"OPENAI_API_KEY": "k", "OPENAI_EFFORT": "Very!"}, "OPENAI_EFFORT='Very!': String should match"),
    ],
)
def test_what_a_vendor_does_not_take_is_told_at_the_start(given: dict[str, str], told: str) -> None:
    assert problem(**given).startswith(told)


def test_how_hard_to_think_is_only_told_to_the_model_that_was_tried() -> None:
    assert one(GEMINI_API_KEY="k").effort == "low"
    assert one(GEMINI_API_KEY="k", GEMINI_MODEL="gemini-2.5-flash").effort is None


def test_a_server_of_ones_own_may_speak_any_wire() -> None:
    shed = one(
        SHED_BASE_URL="http://127.0.0.1:8080",
        SHED_MODEL="m",
        SHED_WIRE="anthropic_messages",
        SHED_ENFORCED="tool",
    )
    assert (shed.wire, shed.enforced) == ("anthropic_messages", "tool")


def test_an_anthropic_address_of_another_tool_is_spoken_to_over_anthropics_wire() -> None:
    gateway = one(ANTHROPIC_BASE_URL="https://gateway.example.org/x", ANTHROPIC_API_KEY="k")
    assert (gateway.wire, gateway.base_url) == ("anthropic_messages", "https://gateway.example.org/x")


def test_an_address_with_a_query_is_refused_and_not_shown() -> None:
    given = {"LLAMA_BASE_URL": "https://models.example/v1?key=hidden", "LLAMA_MODEL": "small"}
    _, _, problems = read_providers(given)
    assert len(problems) == 1
    assert "without a query" in problems[0]
    assert "hidden" not in problems[0]


def test_a_variable_that_happens_to_be_called_name_renames_nobody() -> None:
    given = {"LLAMA_BASE_URL": "http://127.0.0.1:8080", "LLAMA_MODEL": "small", "LLAMA_NAME": "analyst"}
    (server,), _, _ = read_providers(given)
    assert server.name == "llama"
