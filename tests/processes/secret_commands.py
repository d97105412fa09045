"""Every command of the house, one after the other in one process: what a terminal would show of each.

`python -m tests.processes.secret_commands RUN VOTER…`: a run that there is, and voters to test. A command
that is not in the table turns a test red. Without a run, only what looks at other parts is run.
"""

import sys
import traceback

from django.core.management import CommandError, call_command
from django.db import DatabaseError
from prometheus_client import generate_latest

from thalas.celery import app
from thalas.dispatch import BROKER_AWAY
from thalas.selectors import metrics

# Not here: what only ends when it is told to, and what asks a person for a password and shows none.
LEFT_OUT = {"up", "guard", "metrics", "createsuperuser", "changepassword"}
SHOWN = {
    "llm_providers": ("--list", "--status --json", "--health-check", "--reinit", "--enable openai"),
    "api_key": ("list", "revoke tk000000000000"),
    "audit": ("list", "verify"),
    "budget": ("show", "show --json", "history", "set voter nobody usd_per_day 1"),
    "cancel": ("{run}",),
    "consensus": ("nothing", "BTC/USD --panel momentum --json"),
    "demo_account": ("",),
    "diffsettings": ("--all", "--output unified"),
    "doctor": ("",),
    "healthcheck": ("web", "flower", "beat", "guard-1", "metrics"),
    "kill_switch": ("status", "trip"),
    "limits": ("show", "history"),
    "market": ("", "BTC/USD"),
    "migrate": ("--plan",),
    "risk_report": ("",),
    "run": ("{run}", "{run} --json", "nothing"),
    "runs": ("",),
    "scan": ("nothing",),
    "sync_voters": ("",),
    "webhook": ("list", "test 1", "create http://example.com/{run}"),
    "check": ("--deploy",),
    "version": ("",),
}
LOOKING = ("doctor", "market", "runs", "audit", "healthcheck", "diffsettings", "api_key")
TOLD_BY_WORKERS = ("conf", "stats", "report", "active", "registered", "active_queues", "reserved", "clock")


def shown(command: str, *words: str) -> None:
    """Run `manage.py command words`; print how it ends."""
    print(f"$ {command} {' '.join(words)}", flush=True)
    try:
        call_command(command, *words)
    except (CommandError, SystemExit) as ended:
        print(f"{type(ended).__name__}: {ended}")
    except Exception:  # noqa: BLE001 - what a terminal shows of it
        traceback.print_exc()


def asked_from_afar() -> None:
    """Print all that workers tell whoever reaches the broker, and what a Prometheus is told."""
    inspect = app.control.inspect(timeout=5.0, limit=1)
    for command in TOLD_BY_WORKERS:
        try:
            print(f"$ inspect {command}\n{getattr(inspect, command)()!r}")
        except BROKER_AWAY as away:
            print(f"$ inspect {command}\n{away!r}")
    print(f"$ celery report\n{app.bugreport()}")
    try:
        print(f"$ figures\n{generate_latest(metrics.registry()).decode()}", flush=True)
    except DatabaseError as away:
        print(repr(away), flush=True)


def main() -> None:
    """Run them all."""
    run, *voters = sys.argv[1:] or [""]
    asked_from_afar()
    for command in SHOWN if run else LOOKING:
        for words in SHOWN[command]:
            shown(command, *words.format(run=run).split())
    for voter in voters:
        shown("llm_providers", "--test", voter)


if __name__ == "__main__":
    main()
