"""Secrets planted in every place that holds one are in nothing that anybody can read.

Whatever is read must also show a text that was put there on purpose: a scan of nothing finds nothing.
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from zlib import crc32

import httpx
import pytest
from django.apps import apps
from django.conf import settings

from providers.voters.vendors import VENDORS
from tests.doors import canaries
from tests.processes import doors, fleets, secret_commands, secret_plans, secret_walks, waits
from tests.processes.doors import RUNS
from tests.processes.fleets import CORE, Fleet
from tests.processes.secret_plans import NOBODY, Plan
from tests.processes.secret_walks import Seen
from tests.providers.voters import echoes
from tests.thalas.api import callers
from tests.thalas.client import scripts
from tests.thalas.client.scripts import Heard, Said
from thalas import env, roster
from thalas.env import EnvironmentProblems
from thalas.services import voters
from thalas.supervision import valkey

pytestmark = pytest.mark.processes

DAMAGES = list(echoes.DAMAGES)
# Where a secret has to be, and why nobody reads it there who may not:
ALLOWED = {
    # What a receiver is told is signed with the one and sent to the other, by the workers.
    "table thalas_webhook": {"webhook secret", "a webhook's address"},
    # Django finds a session by it. No admin shows the table.
    "table django_session": {"cookie sessionid"},
}
# Every column whose name says that it may hold a secret.
COLUMN = re.compile(r"secret|password|token$|^url$|_url$|^key$|_key$|credential|^session_")
COLUMNS = {
    "thalas.Vote.token",  # of a lease: who holds it may record one vote, and it is over with the run
    "thalas.IdempotentRequest.key",  # a client's own name for a request
    "django_celery_beat.PeriodicTask.routing_key",
    "thalas.ApiKey.secret_sha256",
    "auth.User.password",  # hashed
    "thalas.Webhook.secret",
    "thalas.Webhook.url",
    "sessions.Session.session_key",
    "sessions.Session.session_data",
}
ALWAYS = ("broker", "worker", "flower", "web")
# In full length these, too, the last of them with nobody's addresses; such a beat ends at once.
FURTHER = ("guard-1", "beat", "metrics")
AWAY = ("guard-1", "beat", CORE, "web")
AT_LENGTH = (*FURTHER, "brokerless-web", *(f"away-{name}" for name in AWAY))
UNREACHABLE = ("refused", "nameless", "tls")
# Each kind of place shows the marker somewhere, or nothing was looked at.
SHOWING = {"run", "GET", "page", "Flower", "commands:", "Redis", "table", "command", "log"}


class Server:
    """Every provider there is; each tells its key back in its own way, and in each round in another."""

    def __init__(self) -> None:
        self.round = 0
        self.heard: list[Heard] = []

    def answer(self, heard: Heard) -> Said:
        """Answer *heard*; the provider that is named after the marker is well."""
        self.heard.append(heard)
        name = heard.path.split("/")[2]
        if name.startswith("marker"):
            return echoes.well(heard)
        return echoes.answer(heard, DAMAGES[(crc32(name.encode()) + self.round) % len(DAMAGES)])


@pytest.fixture
def is_full(request: pytest.FixtureRequest) -> bool:
    """Whether the test goes to every place by every way."""
    return request.node.get_closest_marker("acceptance") is not None


@pytest.fixture
def server() -> Iterator[tuple[Server, str]]:
    """The providers' server, and its address."""
    one = Server()
    with scripts.house(one.answer) as served:
        yield one, served.url


@pytest.fixture
def plan(server: tuple[Server, str], tmp_path: Path, is_full: bool) -> Plan:
    """A secret in each variable that may hold one."""
    made, (_, url) = Plan(tmp_path), server
    nobody = dict(
        zip(UNREACHABLE, (f"http://{NOBODY}", "https://nobody.invalid", f"https{url[4:]}"), strict=True)
    )
    asked = UNREACHABLE if is_full else UNREACHABLE[-1:]
    secret_plans.plant_providers(made, server=url, nobody=nobody, asked=asked)
    broker = f"redis://127.0.0.1:{fleets.free_port()}/0"
    secret_plans.plant_house(made, broker=broker, database=fleets.database_url())
    return made


def broker_of(plan: Plan) -> str:
    """Return the broker's address with its password."""
    return plan.variables["REDIS_URL"].replace("//", f"//:{plan.planted['REDIS_PASSWORD']}@")


def opened_broker(fleet: Fleet, plan: Plan) -> None:
    """Start a broker that asks for its password, which is in no command line."""
    port = int(plan.variables["REDIS_URL"].split(":")[-1].removesuffix("/0"))
    words = {"port": port, "bind": "127.0.0.1", "dir": plan.folder, "save": '""', "rdbcompression": "no"}
    config = plan.folder / "valkey.conf"
    lines = {**words, "requirepass": plan.planted["REDIS_PASSWORD"]}.items()
    config.write_text("".join(f"{name} {value}\n" for name, value in lines))
    fleet.add("planted-broker", like="broker", argv=(str(valkey.find_program()), str(config))).start()
    waits.until(partial(doors.listens, port), within_s=20, what="the broker listens")


@pytest.fixture
def house(live_house: Fleet, plan: Plan, is_full: bool) -> Fleet:
    """The processes of a house, each with all secrets and as chatty as can be; some can reach nothing."""
    opened_broker(live_house, plan)
    read = env.read({**plan.variables, "THALAS_HOME": str(settings.HOME)})
    voters.sync(roster.specs(read), roster.caps_usd(read))
    worker = chatty(live_house, "worker", like=CORE, plan=plan, variables=plan.variables)
    chatty(live_house, "flower", like="flower", plan=plan, variables=plan.variables)
    chatty(live_house, "web", like="web", plan=plan, variables=plan.variables)
    if is_full:
        for name in FURTHER:
            chatty(live_house, name, like=name, plan=plan, variables=plan.variables)
        away = secret_plans.cut_off(plan)
        for name in AWAY:
            chatty(live_house, f"away-{name}", like=name, plan=plan, variables=away)
        brokerless = {**plan.variables, "REDIS_URL": away["REDIS_URL"]}
        del brokerless["REDIS_PASSWORD_FILE"]
        chatty(live_house, "brokerless-web", like="web", plan=plan, variables=brokerless)
    for name in (one for one in live_house.running if one.endswith(("web", "metrics"))):
        waits.until(partial(doors.listens, doors.port_of(name)), within_s=60, what=f"{name} listens")
    live_house[worker].ready()
    return live_house


def chatty(fleet: Fleet, name: str, *, like: str, plan: Plan, variables: dict[str, str]) -> str:
    """Start a process like *like* that says whatever can be said, and return its name."""
    called = f"planted-{name}"
    swapped = {"--queues=core": "--queues=votes,core", "--concurrency=4": "--concurrency=40"}
    argv = [swapped.get(word, word) for word in secret_walks.chatty(fleet.argv(like))]
    argv = [f"--hostname={plan.marker}-{name}@%h" if "--hostname" in word else word for word in argv]
    argv = [word for word in argv if not word.startswith("--port=")]
    if like in ("web", "flower", "metrics"):
        argv.append(f"--port={doors.port_of(called)}")
    fleet.add(called, like=like, argv=tuple(argv), **variables).start()
    return called


@pytest.mark.django_db
def test_each_place_that_may_hold_a_secret_is_planted(plan: Plan) -> None:
    secret_plans.cut_off(plan)
    assert secret_plans.may_hold_secrets() - set(plan.planted) == secret_plans.PUBLIC
    assert len(set(plan.planted.values())) >= 60
    columns = {
        f"{model._meta.label}.{column.name}"
        for model in apps.get_models(include_auto_created=True)
        for column in model._meta.get_fields()
        if hasattr(column, "attname") and COLUMN.search(column.name)
    }
    assert columns == COLUMNS
    commands = {path.stem for path in (env.BASE_DIR / "thalas/management/commands").glob("[a-z]*.py")}
    assert commands <= set(secret_commands.SHOWN) | secret_commands.LEFT_OUT


@pytest.mark.parametrize(
    "form", ["{}", "http://me:{}@example.com/v1", "ftp://example.com/{}", "http://h/?k={0}#{0}"]
)
def test_no_problem_with_the_environment_shows_the_secret_that_it_is_about(form: str) -> None:
    secret = canaries.canary()[:40]
    given = {name: form.format(secret) for name in secret_plans.may_hold_secrets()}
    with pytest.raises(EnvironmentProblems) as raised:
        env.read({**given, "LLAMA_MODEL": "m"})
    assert [line for line in raised.value.problems if canaries.found(line, {"it": secret})] == []
    assert len(raised.value.problems) >= len(VENDORS)


def test_no_secret_shows_anywhere(house: Fleet, plan: Plan, server: tuple[Server, str]) -> None:
    look_over(dict(places(house, plan, server[0], is_full=False)), plan)
    look_through(server[0].heard, plan)


@pytest.mark.acceptance
@pytest.mark.timeout(1200)
def test_no_secret_shows_anywhere_at_full_length(
    house: Fleet, plan: Plan, server: tuple[Server, str]
) -> None:
    seen = dict(places(house, plan, server[0], is_full=True))
    for name in ("planted-away-web", "planted-brokerless-web", "planted-metrics"):
        seen |= dict(secret_walks.knocks(name, plan, callers.key().shown))
    url = f"http://127.0.0.1:{doors.port_of('planted-metrics')}/metrics"
    seen["figures"] = secret_walks.told(httpx.get(url, trust_env=False))
    look_over(seen | dict(logs(house, *AT_LENGTH)), plan)
    look_through(server[0].heard, plan)


def look_over(seen: dict[str, str], plan: Plan) -> None:
    """Find no secret in what was *seen* where it is not allowed, and something in every place."""
    leaks = {name: set(canaries.found(text, plan.planted)) for name, text in seen.items()}
    leaks = {name: secrets - ALLOWED.get(name, set()) for name, secrets in leaks.items()}
    assert {name: sorted(secrets) for name, secrets in leaks.items() if secrets} == {}
    for name, secrets in ALLOWED.items():  # the scanner does see
        assert secrets <= set(canaries.found(seen[name], plan.planted))
    assert [name for name, text in seen.items() if not text.strip()] == []
    assert {name.split()[0] for name, text in seen.items() if plan.marker in text} >= SHOWING
    print(
        f"{len(set(plan.planted.values()))} secrets in {len(plan.planted)} places were looked for at "
        f"{len(seen)} places in {sum(map(len, seen.values())):,} letters: "
        f"{dict(Counter(name.split()[0] for name in seen))}"
    )


def look_through(heard: list[Heard], plan: Plan) -> None:
    """Find in each request to a provider one key, that provider's own, and that in a header only."""
    assert len(heard) >= len(VENDORS)
    for one in heard:
        assert canaries.found(one.body.decode(), plan.planted) == []
        (address,) = canaries.found(one.path, plan.planted)
        keys = canaries.found(str(one.headers), plan.planted)
        assert f"{address.removesuffix('BASE_URL')}API_KEY" in keys
        assert len({plan.planted[key] for key in keys}) == 1  # a vendor of two names has it under both


def places(fleet: Fleet, plan: Plan, server: Server, *, is_full: bool) -> Seen:
    """Yield all that can be read, the logs last."""
    key = callers.key()
    plan.plant("API key", key.shown.partition(".")[2])
    with secret_walks.client("planted-web", Authorization=f"Bearer {key.shown}") as web:
        hook = made_webhook(web, plan)
        for server.round in range(len(DAMAGES) if is_full else 1):
            asked = web.post(f"{RUNS}?wait=20", json=doors.question(deadline_s=5))
            assert asked.status_code == 200, asked.text
            yield f"run {server.round}", secret_walks.told(asked)
            secret_walks.close_circuits(broker_of(plan))
        yield from secret_walks.api(web, asked.json()["id"], hook)
    yield from secret_walks.knocks("planted-web", plan, key.shown)
    yield from secret_walks.pages("planted-web", plan, is_full=is_full)
    login = ("thalas", plan.planted["FLOWER_BASIC_AUTH"])
    yield from secret_walks.flower(doors.port_of("planted-flower"), login)
    yield from commands("commands", plan.variables, asked.json()["id"], "openai", plan.marker)
    yield from commands("commands cut off", secret_plans.cut_off(plan))
    yield from secret_walks.command_lines(fleet)
    yield from secret_walks.kept_in_redis(broker_of(plan))
    yield from secret_walks.kept_in_the_database()
    yield from logs(fleet, *ALWAYS)


def logs(fleet: Fleet, *names: str) -> Seen:
    """Read what each of the planted *names* has said."""
    for name in names:
        yield f"log of {name}", fleet[f"planted-{name}"].logs()


def made_webhook(web: httpx.Client, plan: Plan) -> int:
    """Make a webhook whose address has a token in it, and return its id; its secret is told this once."""
    token = plan.plant("a webhook's address")
    body = {"url": f"https://nobody.invalid/{token}?key={token}"}
    hook = web.post("/api/v1/webhooks", json=body, headers={"Idempotency-Key": plan.marker})
    plan.plant("webhook secret", hook.json()["secret"].removeprefix("whsec_"))
    assert canaries.found(hook.text, plan.planted) == ["webhook secret"]
    return int(hook.json()["id"])


def commands(name: str, variables: dict[str, str], *words: str) -> Seen:
    """Run commands in a process with *variables*, and yield what a terminal shows of each."""
    done = subprocess.run(
        (sys.executable, "-m", "tests.processes.chatty", "tests.processes.secret_commands", *words),
        env=secret_walks.environment(variables),
        cwd=env.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for part in done.stdout.split("\n$ "):
        yield f"{name}: {part.splitlines()[0]}", part
    yield f"{name}: errors", done.stderr
