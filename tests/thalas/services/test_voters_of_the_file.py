"""Two voters of one provider, from the file to the votes on record: asked differently, paid from one cap."""

import hashlib
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from django.conf import LazySettings

from providers.voters.vendors import OPENAI_CHAT
from tests.providers.canned import Canned, canned
from tests.providers.emulator.running import emulator
from tests.providers.voters.bodies import ballot, said
from tests.thalas.management import terminals
from tests.thalas.services import councils_at_work as council
from thalas import env, models
from thalas.services import votes

pytestmark = pytest.mark.usefixtures("house")

FILE = """
[[voter]]
name = "shed-bold"
provider = "shed"
persona = "trend-follower"

[[voter]]
name = "shed-calm"
provider = "shed"
persona = "calm.md"
weight = 0.5
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "calm.md").write_text("version: 1\n\nYou are calm, whatever happens.\n")
    (tmp_path / "voters.toml").write_text(FILE)
    return tmp_path / "voters.toml"


def seated(settings: LazySettings, file: Path, base_url: str, **variables: str) -> str:
    """Seat the file's voters of a provider at *base_url*; return what the command says."""
    shed = {"SHED_BASE_URL": base_url, "SHED_MODEL": "emulated-bull", "SHED_PRICE": "1/1", "USE_KEYS": "1"}
    settings.THALAS = env.read({**shed, "THALAS_VOTERS_FILE": str(file), **variables})
    return terminals.run("sync_voters").out


def asked(served: Canned) -> list[dict[str, str]]:
    """Return the messages of each request, by role."""
    bodies = [orjson.loads(request.partition(b"\r\n\r\n")[2]) for request in served.received]
    return [{one["role"]: one["content"] for one in body["messages"]} for body in bodies]


def test_their_prompts_differ_and_their_hashes_are_kept(settings: LazySettings, file: Path) -> None:
    with canned() as served:
        served.answer(said(OPENAI_CHAT, ballot(symbol="BTC/USD", stop_loss=None)))
        seated(settings, file, served.base_url)
        run = council.opened(panel=["shed-bold", "shed-calm"])
        for voter in ("shed-bold", "shed-calm"):
            assert votes.ask(run_id=run.pk, voter=voter, clock=lambda: run.opened_at) == "cast"
        bold, calm = asked(served)
    assert bold["user"] == calm["user"]
    assert "You follow trends." in bold["system"]
    assert "You are calm, whatever happens." in calm["system"]
    assert bold["system"].startswith("You are one voter of a council")
    for voter, messages in (("shed-bold", bold), ("shed-calm", calm)):
        vote = council.vote_of(run, voter)
        assert vote.prompt_sha256 == hashlib.sha256(messages["system"].encode()).hexdigest()
    assert council.vote_of(run, "shed-calm").weight == 0.5


def test_an_emulated_provider_hears_both_and_they_spend_from_one_cap(
    settings: LazySettings, file: Path, tmp_path: Path
) -> None:
    with emulator(tmp_path) as running:
        out = seated(settings, file, running.base_url, SHED_CAP_USD_PER_DAY="0.02")
        assert "new: shed-bold, shed-calm." in out
        assert f"From {file}: shed-bold, shed-calm." in out
        run = council.opened(panel=["shed-bold", "shed-calm"])
        for voter in ("shed-bold", "shed-calm"):
            assert votes.ask(run_id=run.pk, voter=voter, clock=lambda: run.opened_at) in ("cast", "abstained")
        heard = [event["model"] for event in running.events() if event["event"] == "finished"]
    assert heard == ["emulated-bull", "emulated-bull"]
    (day,) = models.BudgetWindow.objects.filter(subject="shed", measure="usd_per_day")
    booked = models.SpendEntry.objects.filter(provider="shed").values_list("booked_usd", flat=True)
    assert len(booked) == 2
    assert Decimal(day.committed) / 1_000_000 == sum(cost for cost in booked if cost is not None)


def test_who_is_not_seated_is_said_with_the_reason(settings: LazySettings, file: Path) -> None:
    out = seated(settings, file, "http://127.0.0.1:9/v1", SHED_ENABLED="0")
    assert f"From {file}: none." in out
    for voter in ("shed-bold", "shed-calm"):
        assert f"Not seated from {file}: {voter}: shed is switched off by its variable." in out
