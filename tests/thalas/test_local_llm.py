"""The small local model: installed apart, started on this machine only, shown for what it is."""

from decimal import Decimal
from pathlib import Path

import pytest

from providers.voters import ballots, registry
from providers.voters.types import Abstention
from tests.providers.canned import canned
from tests.providers.voters.bodies import ballot, called
from tests.providers.voters.samples import brief
from thalas import env, local_llm, processes, roster
from thalas.selectors.stories import VoteLine

HERE = {"LOCAL_LLM": "1", "THALAS_LOCAL_LLM_PORT": "9124"}


def test_without_a_compiler_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    lines: list[str] = []
    why = local_llm.install(lines.append, tmp_path / "model")
    assert (why, lines) == ("there is no C compiler on this machine", [])
    assert not local_llm.is_installed(tmp_path / "model")


def test_what_cannot_be_fetched_is_told_in_a_few_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = tmp_path / "cc"
    compiler.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("PIP_NO_INDEX", "PIP_NO_INPUT"):  # as without a network
        monkeypatch.setenv(name, "1")
    for name in ("PIP_FIND_LINKS", "PIP_CONFIG_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    why = local_llm.install(lambda line: None, tmp_path / "model")
    assert why == "its server cannot be fetched or compiled; see model.log"
    assert not local_llm.is_installed(tmp_path / "model")


def test_it_sits_only_when_asked_for_weighs_nothing_and_costs_nothing() -> None:
    assert local_llm.NAME not in roster.specs(env.read({}))
    spec = roster.specs(env.read(HERE))[local_llm.NAME]
    assert (spec.weight, spec.price, spec.base_url) == (0.0, "free", "http://127.0.0.1:9124/v1")
    assert registry.build(spec, api_key=None).worst_case(brief()).cost_usd == 0


def test_its_server_listens_on_this_machine_only(tmp_path: Path) -> None:
    plan = processes.Plan(tmp_path / "var", env.read(HERE).house, "x", {})
    (process,) = [one for one in processes.table(plan) if one.name == "local-llm"]
    assert {"--host=127.0.0.1", "--port=9124"} <= set(process.argv)
    without = processes.Plan(tmp_path / "var", env.read({}).house, "x", {})
    assert "local-llm" not in [one.name for one in processes.table(without)]


def test_it_is_asked_by_a_schema_that_counts_its_votes() -> None:
    with canned() as served:
        served.answer(called("openai_chat", ballot()))
        port = int(served.base_url.rpartition(":")[2].removesuffix("/v1"))
        voter = registry.build(local_llm.voter(port), api_key=None)
        answer = voter.ask(brief("BTC/USDT", "ETH/USDT"), timeout_s=5)
        sent = served.received[-1]
    assert isinstance(answer.opinions[1], Abstention)
    assert b'"minItems":2,"maxItems":2' in sent
    assert b'"max_tokens":600' in sent
    assert b'\\"candles\\":[]' in sent
    assert "maxItems" not in str(ballots.schema(["A/B"]))


@pytest.mark.parametrize(("voter", "is_marked"), [(local_llm.NAME, True), ("trend", False)])
def test_its_vote_is_marked_for_what_it_is(voter: str, is_marked: bool) -> None:
    line = VoteLine(
        voter=voter,
        model="",
        stance="cast",
        action="BUY",
        confidence=0.9,
        latency_ms=1.0,
        cost_usd=Decimal(0),
        why="",
        is_repaired=False,
        is_simulated=False,
    )
    assert (local_llm.MARK in line.marks) is is_marked
    assert local_llm.LABEL.startswith(local_llm.MARK)
