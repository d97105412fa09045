"""Everything that anybody can read of a house that runs: each place has a name and what stands there."""

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import httpx
import psutil
import redis
from django.contrib.auth.models import User
from django.db import connection

from tests.processes import doors, waits
from tests.processes.doors import RUNS
from tests.processes.fleets import Fleet
from tests.processes.secret_plans import Plan

Seen = Iterator[tuple[str, str]]
FLOWER = (
    *("/", "/workers", "/tasks", "/broker", "/metrics", "/healthcheck", "/nothing", "/task/nothing"),
    *("/api/tasks", "/api/task/types", "/api/queues/length", "/api/workers?refresh=1", "/tasks/datatable"),
)
# Away from here, or where the same stands in another order.
NO_WAY = re.compile(r"/logout/|/static/|/delete/|/api/|\?")
# Forms without anything in them, and what was done to a row: left out where time is short.
BARE = re.compile(r"/(add|history|password|password_change)/")
# What a page is of, in its address.
OWN = re.compile(r"/(\d+|[0-9a-f-]{36}|[^/]+(?=/(change|history)/))/")


def client(name: str, **headers: str) -> httpx.Client:
    """Return a client of the web process *name*."""
    url = f"http://127.0.0.1:{doors.port_of(name)}"
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)


def told(answer: httpx.Response) -> str:
    """Return all of an answer but the cookies, which are for their owner."""
    headers = [(name, value) for name, value in answer.headers.items() if name != "set-cookie"]
    return f"{answer.status_code} {headers} {answer.text}\n"


def api(web: httpx.Client, run_id: str, hook: int) -> Seen:
    """Ask for everything that the API's own document names, and for what there is besides it."""
    document = web.get("/api/openapi.json").json()
    named = {"{run_id}": run_id, "{name}": "demo", "{webhook_id}": str(hook), "{account}": "demo"}
    for path, methods in document["paths"].items():
        for placeholder, value in named.items():
            path = path.replace(placeholder, value)  # noqa: PLW2901
        if "get" in methods:
            yield f"GET {path}", told(web.get(path))
    for path in ("/api/openapi.json", "/api/docs", "/healthz", "/readyz", "/api/v1/voters/openai"):
        yield f"GET {path}", told(web.get(path))


def knocks(name: str, plan: Plan, shown: str) -> Seen:
    """Show the key *shown* in all wrong places of door *name*; in the right one, ask for what cannot be."""
    secret = shown.partition(".")[2]
    wrong: dict[str, dict[str, str]] = {
        "a wrong key": {"Authorization": f"Bearer {shown}x"},
        "a wrong scheme": {"Authorization": f"Basic {shown}"},
        "a cookie": {"Cookie": f"sessionid={plan.plant('a cookie')}"},
        "a good key": {"Authorization": f"Bearer {shown}"},
    }
    for what, headers in wrong.items():
        with client(name, **headers) as web:
            query = f"api_key={secret}&token={plan.plant('a token in a query')}"
            answers = [
                web.get(f"{RUNS}?{query}"),
                web.get(f"/nothing/{plan.plant('a token in a path')}"),
                web.post(RUNS, json=doors.question(strategy=secret[:40], deadline_s=0)),
                web.post(RUNS, json=doors.question(symbols=[secret])),
                web.post(RUNS, content=f'{{"symbols": ["{secret}"'),
                web.put(f"/api/v1/watchlists/{secret}", json={"symbols": 5}),
                web.post("/api/v1/webhooks", json={"url": f"http://me:{plan.plant('a wrong url')}@h/"}),
                web.get(f"/api/v1/{plan.marker}"),
            ]
        # What somebody typed into a path or a field comes back to nobody else; what is behind it does not.
        yield f"{what} at {name}", "".join(told(answer) for answer in answers).replace(secret[:40], "")


def pages(name: str, plan: Plan, *, is_full: bool) -> Seen:
    """Sign in as somebody who may see everything, and read what links lead to."""
    password = plan.plant("a person's password")
    User.objects.create_superuser("somebody", password=password)
    with client(name) as web:
        form = {"username": "somebody", "next": "/admin/"}
        for typed in (plan.plant("a wrong password"), password):
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', web.get("/admin/login/").text)
            assert token is not None
            data = {**form, "password": typed, "csrfmiddlewaretoken": token[1]}
            answer = web.post("/admin/login/", data=data)
        assert answer.status_code == 302
        for cookie in ("sessionid", "csrftoken"):
            plan.plant(f"cookie {cookie}", web.cookies[cookie])
        yield from crawled(web, "/", is_full=is_full)


def crawled(web: httpx.Client, start: str, *, is_full: bool) -> Seen:
    """Follow links from *start*, lists before what they list; of pages alike, one or ten."""
    alike = 10 if is_full else 1
    waiting, seen, kinds = [start], {start}, Counter[str]()
    while waiting:
        page = web.get(waiting.pop(0))
        yield f"page {page.url.path}", told(page)
        for link in re.findall(r'href="([^"#]+)', page.text):
            path = page.url.join(link).path
            kind = OWN.sub("/1/", path)
            is_way = not NO_WAY.search(link) and (is_full or not BARE.search(link))
            if is_way and path not in seen and kinds[kind] < alike:
                seen.add(path)
                kinds[kind] += 1
                waiting.append(path)


def flower(port: int, login: tuple[str, str]) -> Seen:
    """Read Flower's pages and its API, those of each worker and of its tasks too."""
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}", auth=login, timeout=30, trust_env=False
    ) as browser:
        waits.until(partial(doors.listens, port), within_s=60, what="Flower listens")
        shown = partial(browser.get, "/api/workers", params={"refresh": "1"})
        workers = waits.until(lambda: shown().json(), within_s=30, what="Flower shows workers")
        tasks = list(browser.get("/api/tasks").json())[:5]
        paths = [*FLOWER, *(f"/worker/{name}" for name in workers), *(f"/task/{task}" for task in tasks)]
        for path in paths:
            yield f"Flower {path}", told(browser.get(path))


def close_circuits(broker: str) -> None:
    """Let providers be asked again that have been ill too often."""
    with redis.Redis.from_url(broker) as store:
        for key in store.scan_iter("thalas:turnstile:*"):
            store.delete(key)


def kept_in_redis(broker: str) -> Seen:
    """Read every key of the broker, as it is and as a dump holds it."""
    with redis.Redis.from_url(broker) as store:
        readers = {
            b"string": store.get,
            b"list": lambda key: store.lrange(key, 0, -1),
            b"hash": store.hgetall,
            b"set": store.smembers,
            b"zset": lambda key: store.zrange(key, 0, -1, withscores=True),
        }
        for key in store.scan_iter():
            dump = store.dump(key)
            if dump is not None:  # gone since it was found
                yield f"Redis {key!r}", f"{key!r} {readers[store.type(key)](key)!r} {dump!r}"
        yield "Redis INFO", repr(store.info("everything"))


def kept_in_the_database() -> Seen:
    """Read every row of every table."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            yield f"table {table}", "\n".join([table, *(repr(row) for row in cursor.fetchall())])


def command_lines(fleet: Fleet) -> Seen:
    """Read what any user of the machine can read of our processes, and of those that they started."""
    for name in fleet.running:
        process = psutil.Process(fleet[name].pid)
        for one in (process, *process.children(recursive=True)):
            yield f"command line of {name}", " ".join(one.cmdline())


def chatty(argv: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command line *argv* of Python for a process that is as chatty as one can be."""
    words = argv[2:] if argv[1] == "-m" else (Path(argv[1]).stem, *argv[2:])
    return (sys.executable, "-m", "tests.processes.chatty", *words)


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with *variables* in it, for a command."""
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "thalas.settings", **variables}
