"""What a question would cost, before it is asked: the worst case, the likely one, and who is left out."""

from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.conf import LazySettings

from providers.voters import registry, tokens
from providers.voters.model_voters import ModelVoter
from tests import caps, seeds
from tests.thalas.api import callers
from tests.thalas.management import terminals
from tests.thalas.services import councils_at_work as council
from thalas import env, models, roster
from thalas.selectors import clock
from thalas.services import estimates, voters
from thalas.services.estimates import Estimate, VoterEstimate

ENVIRONMENT = {
    "SHED_BASE_URL": "https://shed.example.org/v1",
    "SHED_MODEL": "m-1",
    "SHED_API_KEY": "k-1234567890",
    "SHED_PRICE": "0.50/4.00",
    "SHED_MAX_TOKENS": "1000",
    "SHED_MAX_RETRIES": "1",
    "SHED_CAP_USD_PER_DAY": "0.05",
    "DARK_BASE_URL": "https://dark.example.org/v1",
    "DARK_MODEL": "nobody-knows",
    "DARK_API_KEY": "k-2234567890",
    "OFF_BASE_URL": "https://off.example.org/v1",
    "OFF_MODEL": "m",
    "OFF_API_KEY": "k-3234567890",
    "OFF_ENABLED": "0",
    "KEYLESS_BASE_URL": "https://keyless.example.org/v1",
    "KEYLESS_MODEL": "m",
    "USE_KEYS": "1",
}


@pytest.fixture(autouse=True)
def offered(settings: LazySettings, house: None) -> None:
    seated(settings)


def seated(settings: LazySettings, **changed: str) -> None:
    settings.THALAS = env.read({**ENVIRONMENT, **changed})
    voters.sync(roster.specs(settings.THALAS), roster.caps_usd(settings.THALAS))


def estimate(*symbols: str, **changes: object) -> Estimate:
    return estimates.estimate(seeds.question(*symbols, **changes), now=clock.now())


def of(told: Estimate, voter: str) -> VoterEstimate:
    (one,) = (one for one in told.voters if one.voter == voter)
    return one


def test_the_worst_case_is_what_a_call_would_reserve_and_the_likely_one_is_below_it(
    settings: LazySettings,
) -> None:
    told = estimate("BTC/USD", "ETH/USD")
    spec = roster.specs(settings.THALAS)["shed"]
    voter = registry.build(spec, api_key="k-1234567890")
    assert isinstance(voter, ModelVoter)
    run = council.opened("BTC/USD", "ETH/USD", panel=["shed"])
    brief = council.claimed(run, "shed").brief
    shed = of(told, "shed")
    assert shed.worst_usd == voter.worst_case(brief).cost_usd
    assert shed.tokens_in == tokens.estimate_request(voter.request(brief))
    assert (shed.tokens_out, shed.tokens_out_most, shed.heard) == (240, 1_000, 0)
    # US$ 0.50 a million in, 4.00 out.
    assert shed.likely_usd == (shed.tokens_in * Decimal("0.50") + 240 * 4) / 1_000_000
    assert 0 < shed.likely_usd < shed.worst_usd
    assert (told.likely_usd, told.worst_usd) == (shed.likely_usd, shed.worst_usd)


def test_a_voter_that_has_answered_before_is_judged_by_its_answers() -> None:
    for symbols, count in ((["BTC/USD"], 300), (["BTC/USD", "ETH/USD"], 700), (["BTC/USD"], 5_000)):
        run = council.opened(*symbols, panel=["shed"])
        models.Vote.objects.filter(run=run).update(tokens_out=count)
    shed = of(estimate(), "shed")
    # 300, 350 and 5,000 a symbol.
    assert (shed.tokens_out, shed.heard) == (350, 3)
    assert of(estimate("BTC/USD", "ETH/USD", "LTC/USD"), "shed").tokens_out == 1_000


def test_analysts_cost_nothing_and_are_asked() -> None:
    trend = of(estimate(), "trend")
    assert (trend.why_not, trend.is_free, trend.likely_usd) == ("", True, Decimal(0))


def test_who_would_not_be_asked_is_told_with_the_reason() -> None:
    models.Voter.objects.filter(pk="momentum").update(is_enabled=False)
    told = estimate()
    why = {one.voter: one.why_not for one in told.voters if one.why_not}
    assert set(why) == {"dark", "off", "keyless", "momentum"}
    assert why["dark"].startswith("unpriced: the price list knows no price of nobody-knows at dark")
    assert why["off"] == "off is switched off by its variable"
    assert why["keyless"] == "keyless has no key"
    assert why["momentum"] == "disabled by a person"
    assert of(told, "dark").worst_usd is None


def test_keys_that_may_not_be_used_are_the_reason(settings: LazySettings) -> None:
    seated(settings, USE_KEYS="0")
    assert of(estimate(), "shed").why_not == "USE_KEYS=1 is missing, without which no provider is asked"


def test_a_cap_that_is_used_up_is_the_reason_and_voters_share_it(
    settings: LazySettings, tmp_path: Any
) -> None:
    file = tmp_path / "voters.toml"
    file.write_text("".join(f'[[voter]]\nname = "shed-{i}"\nprovider = "shed"\n' for i in range(9)))
    seated(settings, THALAS_VOTERS_FILE=str(file))
    told = [of(estimate(), f"shed-{i}") for i in range(9)]
    (worst_usd,) = {one.worst_usd for one in told if one.worst_usd}
    fit = int(Decimal("0.05") / worst_usd)
    assert 1 <= fit < 9
    assert [bool(one.why_not) for one in told] == [False] * fit + [True] * (9 - fit)
    assert told[-1].why_not.startswith("budget_exhausted: shed has US$ 0.0")
    caps.spend("shed", 49_999)
    assert of(estimate(), "shed-0").why_not.startswith(
        "budget_exhausted: shed has US$ 0.000001 left of US$ 0.05"
    )


def test_nothing_is_stored_reserved_or_asked() -> None:
    before = [model.objects.count() for model in (models.Run, models.Vote, models.SpendEntry, models.Brief)]
    estimate()
    assert [m.objects.count() for m in (models.Run, models.Vote, models.SpendEntry, models.Brief)] == before


# --- the command ---------------------------------------------------------------------------------


def test_a_dry_run_says_what_it_would_cost_and_who_is_left_out() -> None:
    said = terminals.run("consensus", "BTC/USD", "--dry-run")
    shed = of(estimate(), "shed")
    assert said.code == 0
    assert said.out.startswith("A run on BTC/USD 1d would cost:\n")
    (row,) = (line.split() for line in said.out.splitlines() if line.startswith("shed "))
    assert row[:5] == ["shed", "m-1", f"{shed.tokens_in:,}", "120", "1,000"]
    assert row[5:] == [f"{shed.likely_usd:.6f}", f"{shed.worst_usd:.6f}"]
    assert "not asked: off: off is switched off by its variable\n" in said.out
    assert "No voter was asked and nothing was reserved." in said.out
    assert "kill switch" not in said.out
    assert not models.Run.objects.exists()


def test_a_dry_run_as_json() -> None:
    models.KillSwitch.objects.update(state="engaged")
    said = terminals.run("consensus", "BTC/USD", "--dry-run", "--json")
    told = orjson.loads(said.out)
    shed = {one["voter"]: one for one in told["voters"]}["shed"]
    assert (said.code, told["is_dry_run"], told["is_killed"]) == (0, True, True)
    assert shed["is_asked"] is True
    assert Decimal(told["worst_usd"]) == Decimal(shed["worst_usd"]) > Decimal(shed["likely_usd"]) > 0


def test_a_dry_run_refuses_what_a_run_would() -> None:
    said = terminals.run("consensus", "DOGE/USD", "--dry-run")
    assert said.code == 2
    assert "the market has BTC/USD" in said.refusal


def test_the_kill_switch_is_mentioned() -> None:
    models.KillSwitch.objects.update(state="engaged")
    said = terminals.run("consensus", "BTC/USD", "--dry-run")
    assert "The kill switch is on: voters would be asked, and nothing would be approved." in said.out


def test_the_api_says_the_same_and_asks_nobody(settings: LazySettings) -> None:
    caps.spend("shed", 49_999)
    client = callers.client(callers.key("budgets:read").shown)
    question = {"symbols": ["BTC/USD"], "panel": ["trend", "shed"]}
    answer = client.post("/api/v1/budgets/estimate", question, content_type="application/json")
    told = answer.json()
    assert (answer.status_code, told["not_asked"], told["worst_usd"]) == (200, ["shed"], 0)
    assert told["voters"][1]["why_not"].startswith("budget_exhausted: shed has US$ 0.000001 left")
    caps.spend("shed", 0)
    told = client.post("/api/v1/budgets/estimate", question, content_type="application/json").json()
    shed = of(estimate("BTC/USD", panel=["trend", "shed"]), "shed")
    assert shed.worst_usd is not None
    assert (told["not_asked"], told["worst_usd"]) == ([], float(shed.worst_usd))
    assert not models.Run.objects.exists()
    assert not models.SpendEntry.objects.exists()
    wrong = client.post(
        "/api/v1/budgets/estimate", {"symbols": ["DOGE/USD"]}, content_type="application/json"
    )
    assert (wrong.status_code, list(wrong.json()["details"])) == (400, ["symbol"])
