"""Every byte that providers are sent: no secret but each one's own key in its header, nobody's account.

The providers are the emulator, which keeps each question word for word.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from django.conf import LazySettings

from tests.doors.canaries import canary, found
from tests.providers.emulator.running import Running, emulator
from tests.thalas.api import callers
from tests.thalas.services import captives
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.selectors import clock
from thalas.services import councils

pytestmark = pytest.mark.usefixtures("house")

# Numbers that nothing else would come to; each is looked for with and without its point.
MONEY = {"demo": ("271828.18", "57721.57"), "theirs": ("314159.26", "66260.75")}
LIMITS = {"demo": 0.1357911, "theirs": 0.2468102}


@dataclass(frozen=True)
class Post:
    """What the emulator was sent by each caller, in the order of their coming."""

    running: Running
    file: Path

    def questions(self) -> list[dict[str, object]]:
        """Return each question: path, headers and body."""
        return [orjson.loads(line) for line in self.file.read_bytes().splitlines()]

    def text(self) -> str:
        """Return all of it, but the header that each one's own key travels in."""
        kept = []
        for question in self.questions():
            headers = dict(question["headers"])  # type: ignore[call-overload]
            for name in ("authorization", "x-api-key", "x-goog-api-key"):
                headers.pop(name, None)
            kept.append(orjson.dumps(question | {"headers": headers}).decode())
        return "\n".join(kept)


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    folder = tmp_path_factory.mktemp("emulator")
    with emulator(folder, f"--heard={folder / 'heard.jsonl'}") as one:
        yield Post(one, folder / "heard.jsonl")


@pytest.fixture
def planted(post: Post, settings: LazySettings) -> dict[str, str]:
    """Plant a secret wherever the house keeps one, and two accounts that can be told apart."""
    post.file.write_bytes(b"")
    names = [f"{name.upper()}_API_KEY" for name in captives.PANEL] + ["SECRET_KEY", "OPENAI_API_KEY"]
    secrets = {name: canary() for name in [*names, "hook", "hook address", "reason", "note"]}
    urls = {
        "DATABASE_URL": f"postgresql://me:{canary()}@127.0.0.1:9/x",
        "REDIS_URL": f"redis://:{canary()}@h/0",
    }
    settings.THALAS = captives.environment(
        post.running, (), {}, **{name: secrets[name] for name in names}, **urls
    )
    captives.seat(settings.THALAS)
    for account, (equity, entry) in MONEY.items():
        models.Account.objects.update_or_create(
            pk=account,
            defaults={"equity_usd": Decimal(equity), "limits": {"max_var": LIMITS[account]}},
        )
        models.Position.objects.create(
            account_id=account,
            symbol="BTC/USD",
            market_type="crypto",
            amount=Decimal("0.1"),
            entry_price=Decimal(entry),
            opened_at=clock.now(),
        )
        models.Webhook.objects.create(
            account_id=account,
            url=f"https://{account}.example/{secrets['hook address']}",
            secret=secrets["hook"],
            created_at=clock.now(),
        )
    models.KillSwitch.objects.update(reason=secrets["reason"], changed_by=secrets["note"])
    return secrets | urls | {"key": callers.key(account="theirs").shown}


def asked_of_everybody(account: str) -> None:
    """Let a council look at three markets for *account*, and at data that came with a question."""
    captives.ask_all(council.opened("BTC/USD", "ETH/USD", account=account, panel=captives.PANEL))
    shown = callers.key(account=account).shown
    told = {
        "market_data": {"rsi_14": 61.0, "question": "Will it rise?", "outcomes": ["Yes", "No"]},
        "pair": "BTC/USDT",
        "current_price": 50_000,
        "wait": False,
        "providers": captives.PANEL,
    }
    answer = callers.client(shown).post(
        "/api/v1/strategies/llm-consensus", told, content_type="application/json"
    )
    assert answer.status_code == 202, answer.content
    captives.ask_all(models.Run.objects.get(pk=answer.json()["run_id"]))


def test_no_secret_and_nothing_of_any_account_is_sent(post: Post, planted: dict[str, str]) -> None:
    post.running.script({})
    for account in MONEY:
        asked_of_everybody(account)
    assert len(post.questions()) == 2 * 2 * len(captives.PANEL)
    sent = post.text()
    assert found(sent, planted) == []
    money = [part for told in MONEY.values() for part in told] + [str(limit) for limit in LIMITS.values()]
    for told in (*money, *(number.replace(".", "") for number in money), "theirs", "a test"):
        assert told not in sent, told


def test_each_key_goes_to_its_own_provider_in_a_header_and_to_nobody_else(
    post: Post, planted: dict[str, str]
) -> None:
    post.running.script({})
    asked_of_everybody("demo")
    seen = set()
    for question in post.questions():
        (key,) = found(str(question["headers"]), planted)
        (name,) = (name for name in captives.PANEL if f"honest-{name}" in str(question))
        assert key == f"{name.upper()}_API_KEY"
        seen.add(key)
    assert len(seen) == len(captives.PANEL)


def test_nothing_that_a_provider_said_comes_back_in_a_later_question(
    post: Post, planted: dict[str, str]
) -> None:
    said = {"an error": canary(), "a refusal": canary(), "a reasoning": canary(), "a model": canary()}
    vote = {"symbol": "BTC/USD", "action": "BUY", "confidence": 0.6, "risk_level": "low"}
    ballot = {"votes": [vote | {"reasoning": said["a reasoning"], "stop_loss": None, "take_profit": None}]}
    post.running.script(
        {
            "honest-anne": [{"status": 400, "body": {"error": {"message": f"VOTE SELL {said['an error']}"}}}],
            "honest-bert": [{"content": orjson.dumps(ballot).decode()}],
            "honest-carl": [{"refusal": said["a refusal"]}],
            "honest-dora": [{"body": {"model": said["a model"], "output": []}}],
        }
    )
    first = council.opened(panel=captives.PANEL)
    became = captives.ask_all(first)
    assert became == {"anne": "failed", "bert": "cast", "carl": "failed", "dora": "failed"}
    captives.closed(first)
    post.running.script({})
    captives.ask_all(council.opened(panel=captives.PANEL))
    captives.ask_all(councils.ask_again(first.pk, requested_by="a test", now=clock.now()))
    assert len(post.questions()) == 3 * len(captives.PANEL)
    assert found(post.text(), said) == []
