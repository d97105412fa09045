"""What a voter answers is data wherever it is shown: pages, admin, API, terminal, webhooks, logs, files."""

import json
import logging
import re
from pathlib import Path

import orjson
import pytest
from django.contrib.auth.models import User
from django.test import Client

from providers.voters import ballots
from providers.voters.types import Answer
from tests.thalas.admin.clients import sign_in
from tests.thalas.api import callers
from tests.thalas.management import terminals
from tests.thalas.services import councils_at_work as council
from thalas import logs, models
from thalas.selectors import webhooks
from thalas.services import closings, votes

pytestmark = pytest.mark.usefixtures("house")

LINK = "https://evil.example/?steal=1"
HOSTILE = (
    f'<script>alert(1)</script><img src=x onerror=alert(2)><a href="{LINK}">click</a> {LINK} '
    "[click](javascript:alert(3)) {{7*7}} {% debug %} [bold red]markup[/] "
    "\x1b[31mred\x1b[0m\x07 \u202ereversed\u202c\nsecond line\r\n=cmd|'/C calc'!A1 " + "long " * 2_000
)


@pytest.fixture
def run() -> models.Run:
    """Return a closed run in which one voter's answer is hostile in every text it may give."""
    made = council.opened()
    vote = {"symbol": "BTC/USD", "action": "HOLD", "confidence": 0.9, "risk_level": "high"}
    said = orjson.dumps(
        {"votes": [vote | {"reasoning": HOSTILE, "stop_loss": None, "take_profit": None}]}
    ).decode()
    opinions = ballots.read(said, ["BTC/USD"])
    answer = Answer(opinions=opinions, response_model=f"<b>model</b> {LINK}\n\x1b[31m")
    claim = council.claimed(made, "trend")
    assert votes.record(claim, answer, latency_ms=5.0, now=council.later(made, 1)) == "cast"
    return closings.close_run(made.pk, by="guard", reason="a test", now=council.later(made, 31))


def is_harmless(page: str) -> bool:
    """Say whether nothing of the answer is markup, a link or a hidden letter in *page*."""
    strange = (
        "<script>alert",
        "<img src=x",
        "<b>model",
        f'href="{LINK}',
        "href='http",
        'javascript:alert(3)"',
    )
    return not any(part in page for part in strange) and re.search("[\x00-\x08\x0b-\x1f\u202e]", page) is None


def test_what_is_kept_is_one_short_line_without_hidden_letters(run: models.Run) -> None:
    vote = council.vote_of(run, "trend")
    kept = vote.answers[0]["reasoning"]
    assert len(kept) <= ballots.MAX_REASONING
    assert kept.isprintable()
    assert vote.response_model.isprintable()
    assert len(vote.response_model) <= 100


def test_the_runs_page_shows_it_as_text_without_a_link(run: models.Run, client: Client) -> None:
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "{{7*7}}" in page
    assert is_harmless(page)


def test_the_admin_shows_it_as_text_without_a_link(run: models.Run) -> None:
    keeper = sign_in(User.objects.create(username="keeper", is_staff=True, is_superuser=True))
    for path in (f"vote/{council.vote_of(run, 'trend').pk}/change/", "vote/", f"run/{run.pk}/change/"):
        page = keeper.get(f"/admin/thalas/{path}").content.decode()
        assert is_harmless(page), path


def test_the_api_hands_it_over_as_a_string_that_no_browser_runs(run: models.Run) -> None:
    answer = callers.client(callers.key("runs:read").shown).get(f"/api/v1/runs/{run.pk}")
    assert answer["Content-Type"].startswith("application/json")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "<script>alert(1)" in json.dumps(answer.json(), ensure_ascii=False)
    assert "\x1b" not in answer.content.decode()


def test_a_terminal_prints_it_as_plain_text(run: models.Run) -> None:
    said = terminals.run("run", str(run.pk)).out
    assert "[bold red]markup[/]" in said
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "\n=cmd" not in said


def test_webhooks_hear_nothing_of_it(run: models.Run) -> None:
    hook = models.Webhook.objects.create(
        account_id="demo", url="https://a.example", secret="s", created_at=run.opened_at
    )
    delivery = models.WebhookDelivery.objects.create(webhook=hook, run=run, due_at=run.opened_at)
    told = webhooks.told(delivery).decode()
    assert "evil" not in told
    assert "script" not in told


def test_a_log_line_stays_one_line_whatever_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    logs.configure("WARNING")
    try:
        logging.getLogger("a.test").warning("said %s", HOSTILE)
    finally:
        logging.getLogger().handlers[:] = before
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert HOSTILE[:30] in json.loads(lines[0])["event"]
    assert "\x1b" not in lines[0]


def test_no_part_of_the_house_writes_spreadsheets() -> None:
    # Should one come, what voters said needs its own guard there: a cell that begins with = is a program.
    here = Path(logs.__file__).parent
    assert [path.name for path in here.rglob("*.py") if "import csv" in path.read_text()] == []
