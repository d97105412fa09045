"""Secrets planted in every place that holds one are in nothing that anybody can read.

Each channel must also show a text that was put into it on purpose: a scan of nothing finds nothing.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import redis
from django.contrib.auth.models import User
from prometheus_client import generate_latest

from tests.doors import canaries
from tests.processes import doors, fleets, waits
from tests.processes.doors import RUNS
from tests.processes.fleets import CORE, VOTES, Fleet, free_port
from tests.processes.test_flower import client_of
from tests.providers.voters.bodies import ballot
from tests.thalas.api import callers
from thalas import env, roster
from thalas.selectors import metrics
from thalas.services import voters
from thalas.supervision import valkey

pytestmark = [pytest.mark.processes, pytest.mark.acceptance, pytest.mark.timeout(300)]

ADDRESS = "a token in a webhook's address"  # its owner may read it again, and nobody else
MODEL = "the-usual"
NOBODY = "127.0.0.1:1"  # where nothing listens
FLOWER = ("/", "/workers", "/tasks", "/broker", "/api/workers?refresh=1", "/api/tasks")
LOGGED_OUT = re.compile(r"/logout/|/static/|/delete/")


@dataclass(frozen=True)
class Plan:
    """What is planted, and the *marker*: no secret, so that it shows wherever something shows at all."""

    marker: str = field(default_factory=lambda: f"marker{canaries.canary()[:26]}")
    planted: dict[str, str] = field(default_factory=dict)

    def plant(self, name: str) -> str:
        """Return a new secret that must not be seen again."""
        return self.planted.setdefault(name, canaries.canary())


def echoes(key: str) -> list[dict[str, Any]]:
    """Return answers of a provider that repeats the key it was asked with, by every way there is."""
    return [
        {"status": 401, "body": {"error": {"message": f"Incorrect API key provided: {key}."}}},
        {"status": 400, "body": {"error": f"Bearer {key}"}},
        {"status": 500, "body": f"<p>Authorization: Bearer {key}</p>", "headers": {"x-echo": key}},
        {"status": 429, "body": {"error": {"message": "x" * 1_990 + key, "code": key}}},
        {"refusal": f"I will not use {key}"},
        {"finish_reason": key},
        {"content": ballot(symbol=key)},
        {"content": ballot(reasoning=f"my key is {key}")},
        {"content": '{"votes":[{"' + key + '":1}]}'},
        {"content": '{"' + key + '":1,"' + key + '":2}'},
        {"body": {"choices": [{"finish_reason": 7, "message": key}]}},
        {"body": key},
    ]


@pytest.fixture
def plan() -> Plan:
    """Nothing planted yet."""
    return Plan()


@pytest.fixture
def variables(live_house: Fleet, plan: Plan, tmp_path: Path) -> dict[str, str]:
    """What every process gets: a secret in each variable that may hold one, and the chattiest log."""
    port, password = free_port(), plan.plant("broker's password")
    options = {"port": port, "bind": "127.0.0.1", "requirepass": password, "dir": tmp_path}
    words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
    argv = (str(valkey.find_program()), *words, "--rdbcompression", "no")
    live_house.add("planted-broker", like="broker", argv=argv).start()
    emulator = f"http://127.0.0.1:{live_house.environment.house.thalas_emulator_port}/v1"
    named = plan.marker.upper()
    url = fleets.database_url().replace("//postgres@", f"//postgres:{plan.plant('database password')}@")
    return {
        "THALAS_LOG_LEVEL": "DEBUG",
        "SECRET_KEY": plan.plant("SECRET_KEY"),
        "REDIS_URL": f"redis://:{password}@127.0.0.1:{port}/0",
        "DATABASE_URL": url,
        "OPENAI_API_KEY": plan.plant("OPENAI_API_KEY"),
        "OPENAI_BASE_URL": emulator,
        "OPENAI_MODEL": MODEL,
        "OPENAI_PRICE": "free",
        f"{named}_API_KEY": plan.plant("another provider's key"),
        f"{named}_BASE_URL": emulator,
        f"{named}_MODEL": "another",
        f"{named}_PRICE": "free",
        "USE_KEYS": "1",
        "COHERE_API_KEY": plan.plant("a key of somebody else's tool"),
        "FLOWER_BASIC_AUTH": f"thalas:{fleets.FLOWER_PASSWORD}",
    }


@pytest.fixture
def planted_house(live_house: Fleet, plan: Plan, variables: dict[str, str]) -> Iterator[Fleet]:
    """Every process of the table, each with all secrets; some cannot reach what their secrets are for."""
    fleet = live_house
    fleet.muster("emulator")
    environment = env.read({**variables, "EMULATOR": "1"})
    voters.sync(roster.specs(environment), roster.caps_usd(environment))
    away = {
        **variables,
        "DATABASE_URL": f"postgresql://thalas:{plan.plant('database password')}@{NOBODY}/thalas",
        "REDIS_URL": f"redis://:{variables['REDIS_URL'].split(':')[2].split('@')[0]}@{NOBODY}/0",
    }
    for name, like in (("votes", VOTES), ("core", CORE)):
        argv = tuple(word.replace(f"{name}@", f"{plan.marker}-{name}@") for word in fleet.argv(like))
        fleet.add(f"planted-{name}", like=like, argv=argv, **variables).start()
    for name in ("guard-1", "beat"):
        fleet.add(f"planted-{name}", like=name, argv=(), **variables).start()
        fleet.add(f"unplugged-{name}", like=name, argv=(), **away).start()
    fleet.add("unplugged-core", like=CORE, argv=(), **away).start()
    doors.opened(fleet, "planted-web", **variables)
    doors.opened(fleet, "unplugged-web", **away)
    doors.opened(fleet, "brokerless-web", **{**variables, "REDIS_URL": away["REDIS_URL"]})
    for name in ("planted-votes", "planted-core"):
        fleet[name].ready()
    yield fleet
    fleet.emulator.obey({})


def test_no_secret_shows_anywhere(
    planted_house: Fleet, plan: Plan, variables: dict[str, str], tmp_path: Path
) -> None:
    channels = dict(api(planted_house, plan))
    channels |= pages(planted_house, plan)
    channels |= flower(planted_house, plan, variables)
    channels["figures"] = generate_latest(metrics.registry()).decode()
    channels["doctor"] = doctor(variables)
    channels["Redis"] = dumped(planted_house, variables, tmp_path)
    channels |= logs(planted_house)
    leaks = {name: canaries.found(text, plan.planted) for name, text in channels.items()}
    assert {name: secrets for name, secrets in leaks.items() if secrets} == {
        "API": [ADDRESS],
        "admin": [ADDRESS],
    }
    silent = [name for name, text in channels.items() if not canaries.found(text, {"marker": plan.marker})]
    assert set(silent) <= MARKERLESS, silent
    assert all(channels.values()), [name for name, text in channels.items() if not text]
    assert len(plan.planted) >= 10, sorted(plan.planted)


# What is said there has no place for a text of ours; that something is said is checked all the same.
MARKERLESS = {f"log of {name}" for name in ("planted-guard-1", "planted-beat", "unplugged-guard-1")} | {
    "log of unplugged-beat",
    "log of unplugged-core",
    "log of emulator",
    "log of planted-broker",
    "log of planted-flower",
    "figures",
    "doctor",
}


def api(fleet: Fleet, plan: Plan) -> Iterator[tuple[str, str]]:
    """Ask for everything, rightly and wrongly, at each door, of voters that repeat their keys."""
    key = callers.key()
    plan.planted["API key"] = key.shown.partition(".")[2]
    with client("planted-web", Authorization=f"Bearer {key.shown}") as web:
        hook = web.post("/api/v1/webhooks", json={"url": f"https://example.com/{plan.plant(ADDRESS)}"})
        plan.planted["webhook secret"] = hook.json()["secret"]
        # The one answer that tells it: the scanner reads answers as it should.
        assert set(canaries.found(hook.text, plan.planted)) == {ADDRESS, "webhook secret"}
        for own, other in zip(
            echoes(plan.planted["OPENAI_API_KEY"]),
            echoes(plan.planted["another provider's key"]),
            strict=True,
        ):
            fleet.emulator.obey({MODEL: [own], "another": [other]})
            question = doors.question(panel=["openai", plan.marker], deadline_s=8)
            asked = web.post(f"{RUNS}?wait=20", json=question)
            assert asked.status_code == 200, asked.text
            yield f"run {asked.json()['id']}", told(asked)
        yield "API", "".join(told(web.get(path)) for path in readable(web, asked.json()["id"]))
    for name in ("planted-web", "unplugged-web", "brokerless-web"):
        yield f"errors of {name}", "".join(told(answer) for answer in knocks(name, key.shown, plan))


def client(name: str, **headers: str) -> httpx.Client:
    """Return a client of the web process *name*."""
    url = f"http://127.0.0.1:{doors.port_of(name)}"
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)


def readable(web: httpx.Client, run_id: str) -> list[str]:
    """Return every path that can be read."""
    document = web.get("/api/openapi.json").json()
    named = {"{run_id}": run_id, "{name}": "majors", "{webhook_id}": "1"}
    paths = [path for path, methods in document["paths"].items() if "get" in methods]
    for placeholder, value in named.items():
        paths = [path.replace(placeholder, value) for path in paths]
    return [*paths, "/api/v1/voters/openai", "/api/openapi.json", "/api/docs", "/healthz"]


def knocks(name: str, shown: str, plan: Plan) -> Iterator[httpx.Response]:
    """Show the key in all wrong places, and the right one with questions that cannot be answered."""
    wrong: list[dict[str, str]] = [
        {"Authorization": f"Bearer {shown}x"},
        {"Authorization": f"Basic {shown}"},
        {"X-API-Key": shown.swapcase()},
        {"Cookie": f"sessionid={plan.plant('a cookie')}"},
        {"Authorization": f"Bearer {shown}"},
    ]
    for headers in wrong:
        with client(name, **headers) as web:
            yield web.get(f"{RUNS}?api_key={shown}&token={plan.plant('token in a query')}")
            yield web.post(RUNS, json=doors.question())
            yield web.post(RUNS, content=b'{"symbols": [')
            yield web.get(f"/api/v1/{plan.marker}")


def told(answer: httpx.Response) -> str:
    """Return all of an answer but the cookies, which are for their owner."""
    headers = [(name, value) for name, value in answer.headers.items() if name != "set-cookie"]
    return f"{answer.url.path} {answer.status_code} {headers} {answer.text}\n"


def pages(fleet: Fleet, plan: Plan) -> Iterator[tuple[str, str]]:
    """Sign in as somebody who may see everything, and read every page that a link leads to."""
    password = plan.plant("a person's password")
    User.objects.create_superuser("somebody", password=password)
    with client("planted-web") as web:
        form = {"username": "somebody", "password": plan.plant("a wrong password"), "next": "/admin/"}
        for attempt in (form, {**form, "password": password}):
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', web.get("/admin/login/").text)
            assert token is not None
            answer = web.post("/admin/login/", data={**attempt, "csrfmiddlewaretoken": token[1]})
        assert answer.status_code == 302
        for name in ("sessionid", "csrftoken"):
            plan.planted[f"cookie {name}"] = web.cookies[name]
        yield "dashboard", crawled(web, "/", most=20)
        yield "admin", crawled(web, "/admin/", most=150)


def crawled(web: httpx.Client, start: str, *, most: int) -> str:
    """Follow links from *start* through at most so many pages below it; return them all."""
    waiting, seen, read = [start], {start}, ""
    while waiting and most:
        page = web.get(waiting.pop(0))
        read, most = read + told(page), most - 1
        for link in re.findall(r'href="([^"#]+)', page.text):
            path = urlsplit(str(page.url.join(link.replace("&amp;", "&"))))
            name = path.path + (f"?{path.query}" if path.query else "")
            if name not in seen and path.path.startswith(start) and not LOGGED_OUT.search(name):
                seen.add(name)
                waiting.append(name)
    return read


def flower(fleet: Fleet, plan: Plan, variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Read Flower's pages, those of each worker and task too."""
    port = free_port()
    argv = tuple(f"--port={port}" if word.startswith("--port=") else word for word in fleet.argv("flower"))
    fleet.add("planted-flower", like="flower", argv=argv, **variables).start()
    plan.planted["Flower's password"] = fleets.FLOWER_PASSWORD * 2  # the halves are what is looked for
    with client_of(port) as browser:
        shown = partial(browser.get, "/api/workers", params={"refresh": "1"})
        workers = waits.until(lambda: shown().json(), within_s=20, what="Flower shows workers")
        tasks = list(browser.get("/api/tasks").json())[:20]
        paths = [*FLOWER, *(f"/worker/{name}" for name in workers), *(f"/task/{task}" for task in tasks)]
        yield "Flower", "".join(told(browser.get(path)) for path in paths)


def doctor(variables: Mapping[str, str]) -> str:
    """Return what `manage.py doctor` tells somebody with all these secrets."""
    words = (sys.executable, "manage.py", "doctor")
    done = subprocess.run(words, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def dumped(fleet: Fleet, variables: Mapping[str, str], folder: Path) -> str:
    """Return all that the broker keeps, messages that nobody has taken too."""
    fleet.dismiss("planted-votes", "planted-core")
    with client("planted-web", **doors.key()) as web:
        assert web.post(RUNS, json=doors.question()).status_code == 202
    with redis.Redis.from_url(variables["REDIS_URL"]) as broker:
        broker.save()
    return (folder / "dump.rdb").read_bytes().decode("latin-1")


def logs(fleet: Fleet) -> Iterator[tuple[str, str]]:
    """Return what each process has said."""
    for name in list(fleet._members):
        if name.startswith(("planted-", "unplugged-", "brokerless-", "emulator")):
            yield f"log of {name}", fleet[name].logs()
