"""What a voter answers is data wherever it is shown: pages, admin, API, terminal, webhooks, logs, files."""

import json
import logging
import re
from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest
from django.contrib.auth.models import User
from django.test import Client

from providers.voters import ballots, rejections
from providers.voters.types import Answer
from tests.thalas.admin.clients import sign_in
from tests.thalas.api import callers
from tests.thalas.management import terminals
from tests.thalas.services import councils_at_work as council
from thalas import logs, models
from thalas.api import boards, streams
from thalas.domain import given
from thalas.selectors import records, webhooks
from thalas.services import closings, drifts, votes

pytestmark = pytest.mark.usefixtures("house")

LINK = "https://evil.example/?steal=1"
HOSTILE = (
    f'<script>alert(1)</script><img src=x onerror=alert(2)><a href="{LINK}">click</a> {LINK} '
    f"[click](javascript:alert(3)) {{{{7*7}}}} {{% debug %}} [bold red]markup[/] [see]({LINK}) <{LINK}> "
    f"![x]({LINK}) www.evil.example {LINK[6:]} \x1b]8;;{LINK}\x07here\x1b]8;;\x07 \x9b31m "
    "\x1b[31mred\x1b[0m\x07 \u202ereversed\u202c\nsecond line\r\n=cmd|'/C calc'!A1 " + "long " * 2_000
)
SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def failed(run: models.Run, voter: str, status: int, body: object) -> None:
    """Let the provider of *voter* refuse with *status* and *body*."""
    claim = council.claimed(run, voter)
    error = rejections.voter_error("acme", status, orjson.dumps(body), key=None)
    assert votes.record(claim, error, latency_ms=5.0, now=council.later(run, 1)) == "failed"


@pytest.fixture
def run() -> models.Run:
    """Return a closed run in which all that one voter and the providers of others say is hostile."""
    made = council.opened()
    vote = {"symbol": "BTC/USD", "action": "HOLD", "confidence": 0.9, "risk_level": "high"}
    said = orjson.dumps(
        {"votes": [vote | {"reasoning": HOSTILE, "stop_loss": None, "take_profit": None}]}
    ).decode()
    opinions = ballots.read(said, ["BTC/USD"])
    answer = Answer(opinions=opinions, response_model=f"<b>model</b> {LINK}\n\x1b[31m")
    claim = council.claimed(made, "trend")
    assert votes.record(claim, answer, latency_ms=5.0, now=council.later(made, 1)) == "cast"
    drifts.note(voter="trend", asked="trend", answered=f"<b>model</b> {LINK}", now=made.opened_at)
    failed(made, "momentum", 400, {"error": {"message": HOSTILE, "code": HOSTILE}})
    failed(made, "breakout", 500, HOSTILE)
    council.answered(made, {"volatility": Answer(opinions=(council.opinion(made, stop=-1.0),))})
    return closings.close_run(made.pk, by="guard", reason="a test", now=council.later(made, 31))


class Elements(HTMLParser):
    """What a browser would make of a page: where its links lead, and what it would run of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.scripts: list[str] = []
        self._is_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links and handlers."""
        self._is_script = tag == "script"
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        """Note scripts that hold something of the answer."""
        if self._is_script and ("alert" in data or "evil" in data):
            self.scripts.append(data)


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
    seen = Elements()
    seen.feed(page)
    is_home = all(":" not in link and not link.startswith("//") for link in seen.links)
    is_quiet = not seen.handlers and not seen.scripts
    return is_home and is_quiet and not any(part in page for part in strange) and SHOWN.search(page) is None


def test_what_is_kept_is_one_short_line_without_hidden_letters(run: models.Run) -> None:
    vote = council.vote_of(run, "trend")
    kept = vote.answers[0]["reasoning"]
    assert len(kept) <= ballots.MAX_REASONING
    assert kept.isprintable()
    assert vote.response_model.isprintable()
    assert len(vote.response_model) <= 100


def test_the_runs_page_shows_it_as_text_without_a_link(run: models.Run, client: Client) -> None:
    page = client.get(f"/runs/{run.pk}/").content.decode()
    assert page.count("&lt;script&gt;alert(1)") >= 3
    assert "{{7*7}}" in page
    assert "www.evil.example" in page
    assert is_harmless(page)
    assert is_harmless(client.get("/").content.decode())


def test_no_page_turns_text_into_markup_or_links() -> None:
    here = Path(logs.__file__).parent
    makers = ("|safe", "autoescape off", "urlize", "linebreaks", "mark_safe", "SafeString", "markdown")
    sources = [path for path in here.rglob("*") if path.suffix in (".py", ".html", ".txt")]
    found = [(path.name, word) for path in sources for word in makers if word in path.read_text()]
    assert found == []


def test_the_admin_shows_it_as_text_without_a_link(run: models.Run) -> None:
    keeper = sign_in(User.objects.create(username="keeper", is_staff=True, is_superuser=True))
    shown = [f"vote/{vote.pk}/change/" for vote in run.votes.all()]
    for path in (*shown, "vote/", f"run/{run.pk}/change/", "run/", "votermodel/", "voter/", "auditentry/"):
        page = keeper.get(f"/admin/thalas/{path}").content.decode()
        assert is_harmless(page), path


def test_the_api_hands_it_over_as_a_string_that_no_browser_runs(run: models.Run) -> None:
    answer = callers.client(callers.key("runs:read").shown).get(f"/api/v1/runs/{run.pk}")
    assert answer["Content-Type"].startswith("application/json")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "<script>alert(1)" in json.dumps(answer.json(), ensure_ascii=False)
    assert "\x1b" not in answer.content.decode()


def test_a_terminal_prints_it_as_plain_text(run: models.Run) -> None:
    assert "[bold red]markup[/]" in terminals.run("run", str(run.pk)).out


@pytest.mark.parametrize(
    "words",
    [
        ["run", "last"],
        ["run", "last", "--json"],
        ["run", "last", "--method", "log_opinion_pool"],
        ["runs"],
        ["budget"],
        ["risk_report"],
        ["llm_providers"],
        ["llm_providers", "--json"],
        ["audit"],
        ["market"],
        ["webhook", "list"],
    ],
)
def test_no_command_lets_it_move_the_terminal_or_begin_a_line(run: models.Run, words: list[str]) -> None:
    said = terminals.run(*words)
    assert said.out or said.refusal
    assert SHOWN.search(said.out + said.refusal) is None
    assert not any(line.startswith(("=", "+", "@", "\t")) for line in said.out.splitlines())
    assert "\u001b]8" not in said.out


def test_a_stream_of_the_run_stays_one_line_for_each_event(run: models.Run) -> None:
    events = streams.told(
        boards.Picture(records.standings([run.pk])[run.pk], records.record(run.pk, account="demo"))
    )
    assert len(events) == run.votes.count() + 1
    for event in events:
        lines = event.encoded(1).decode().removesuffix("\n\n").splitlines()
        assert [line.partition(":")[0] for line in lines] == ["id", "event", "data"]


def test_text_that_came_with_a_question_is_shown_as_text_too(client: Client) -> None:
    data = {"rsi_14": 61.0, "news": HOSTILE, "outcomes": ["Yes", HOSTILE]}
    told = given.read(pair="BTC/USDT", timeframe="1h", price=100.0, data=data)
    made = council.opened(given=told)
    council.everyone(made, council.hold(made))
    closings.close_run(made.pk, by="guard", reason="a test", now=council.later(made, 31))
    keeper = sign_in(User.objects.create(username="keeper", is_staff=True, is_superuser=True))
    for path in (f"/runs/{made.pk}/", "/"):
        assert is_harmless(client.get(path).content.decode()), path
    for path in ("brief/", f"brief/{made.brief_id}/change/", f"run/{made.pk}/change/"):
        assert is_harmless(keeper.get(f"/admin/thalas/{path}").content.decode()), path
    assert SHOWN.search(terminals.run("run", str(made.pk)).out) is None
    whole = callers.client(callers.key("runs:read").shown).get(f"/api/v1/runs/{made.pk}?brief=full")
    assert "evil.example" in whole.content.decode()
    assert SHOWN.search(whole.content.decode()) is None


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
    logs.configure("WARNING", ())
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
    makers = ("import csv", "text/csv", "xlsx", "to_csv")
    found = [path.name for path in here.rglob("*.py") if any(word in path.read_text() for word in makers)]
    assert found == []
