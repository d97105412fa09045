"""`manage.py up`: everything at once on this machine, under one supervisor, and a first scan to look at."""

import sys
import time
from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management import call_command
from rich.console import Console

from thalas import dispatch, env, home, local_llm, models, processes, roster
from thalas.management import console as screen
from thalas.management import keys, watching
from thalas.management.base import BAD_INPUT, ERROR, HouseCommand, exit_code
from thalas.selectors import accounts, clock, health, stories
from thalas.services import paper_accounts, people, retention, voters
from thalas.supervision import folders, ports
from thalas.supervision.errors import SupervisionError
from thalas.supervision.processes import EventKind, ProcessEvent
from thalas.supervision.signals import StopFlag, signals
from thalas.supervision.supervisor import Supervisor

WORKERS_WITHIN_S = 40.0
TOLD = {EventKind.DIED, EventKind.FAILING, EventKind.LEFTOVER, EventKind.UNREADY, EventKind.SURVIVED}


class Command(HouseCommand):
    help = "Start everything on embedded parts, scan once, and go on scanning until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="stop after the first scan; exit 0 if it decided"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        console = self.console
        environment = _without_missing(keys.ask_consent(settings.THALAS, console), console)
        try:
            with signals() as stop:
                code = Demo(console, environment, stop, is_once=options["once"]).run()
        except SupervisionError as error:
            console.print(f"Cannot start: {error}", style="red", markup=False)
            code = BAD_INPUT
        sys.exit(code)


class Demo:
    """One life of the embedded Thalas, from the first process to the last."""

    def __init__(
        self, console: Console, environment: env.Environment, stop: StopFlag, *, is_once: bool
    ) -> None:
        self._console = console
        self._environment = environment
        self._stop = stop
        self._is_once = is_once
        self._quiet = False
        folders.prepare(settings.HOME)
        self._flower_password = home.secret(settings.HOME, "flower", bytes_of_chance=12)
        self._admin_password = home.secret(settings.HOME, "admin", bytes_of_chance=12)
        plan = processes.Plan(
            home=settings.HOME,
            house=environment.house,
            flower_password=self._flower_password,
            switches={
                "USE_KEYS": str(int(environment.house.use_keys)),
                "LOCAL_LLM": str(int(environment.house.local_llm)),
                "THALAS_FLOWER_URL": environment.house.thalas_flower_url
                or f"http://{processes.LOOPBACK}:{environment.house.thalas_flower_port}/",
            },
        )
        self._supervisor = Supervisor(
            processes.table(plan),
            run_dir=settings.HOME / "run",
            log_dir=settings.LOG_DIR,
            on_event=self._on_event,
        )

    def run(self) -> int:
        """Start, scan, stay, stop; return the exit code."""
        started = time.monotonic()
        try:
            self._supervisor.claim()
            self._check_ports()
            self._set_up()
            self._supervisor.start()
            if not self._await_workers():
                return 0 if self._stop.is_set else ERROR
            code = self._first_scan()
            self._console.print(
                f"First scan {time.monotonic() - started:.1f} s after the start.", style="dim"
            )
            if not self._is_once and not self._stop.is_set:
                self._tell_addresses()
                self._stay()
                code = 0
            return code
        finally:
            self._quiet = True
            self._supervisor.stop(is_hurried=lambda: self._stop.is_hurried)

    def _check_ports(self) -> None:
        house = self._environment.house
        ports.ensure_free(processes.LOOPBACK, house.thalas_web_port, "THALAS_WEB_PORT")
        ports.ensure_free(processes.LOOPBACK, house.thalas_flower_port, "THALAS_FLOWER_PORT")
        ports.ensure_free(processes.LOOPBACK, house.thalas_metrics_port, "THALAS_METRICS_PORT")
        if house.emulator:
            ports.ensure_free(processes.LOOPBACK, house.thalas_emulator_port, "THALAS_EMULATOR_PORT")
        if house.local_llm:
            ports.ensure_free(processes.LOOPBACK, house.thalas_local_llm_port, "THALAS_LOCAL_LLM_PORT")

    def _set_up(self) -> None:
        for _, command, *words in processes.SETUP:
            # Not by its command: a yes at the prompt is not in the environment that it would read.
            if command != "sync_voters":
                call_command(command, *words, verbosity=0, stdout=self._console.file)
        retention.prune(keep_days=self._environment.house.thalas_retention_days, now=clock.now())
        specs = roster.specs(self._environment)
        voters.sync(specs, roster.caps_usd(self._environment))
        self._console.print(f"{len(specs)} voters are seated: {', '.join(specs)}.", highlight=False)
        self._tell_of_the_local_model()
        self._fill_the_demo_account()

    def _fill_the_demo_account(self) -> None:
        """Give a new house something to lose, or the gate would have an empty book to look at."""
        made = paper_accounts.seed_once(accounts.DEMO, by="manage.py up", now=clock.now())
        if made:
            names = ", ".join(position.symbol for position in made)
            self._console.print(
                f"The account {accounts.DEMO} holds paper positions in {names}; "
                "`manage.py risk_report` says what they risk.",
                highlight=False,
            )

    def _await_workers(self) -> bool:
        """Wait until both queues are served; False if that takes too long or somebody stops us."""
        self._console.print(
            "Starting workers, beat, guards, Flower, figures and the web pages …", style="dim"
        )
        give_up_at = time.monotonic() + WORKERS_WITHIN_S
        while time.monotonic() < give_up_at and not self._stop.is_set:
            self._supervisor.tick()
            if self._is_once and self._supervisor.failing:
                return False
            if health.queues_served(timeout_s=0.25):
                return True
            time.sleep(0.1)
        if not self._stop.is_set:
            self._console.print(
                f"No worker answers after {WORKERS_WITHIN_S:.0f} s; see {settings.LOG_DIR}", style="red"
            )
        return False

    def _first_scan(self) -> int:
        enabled = models.Schedule.objects.filter(is_enabled=True).order_by("pk")
        codes = [self._scan(name) for name in enabled.values_list("pk", flat=True) if not self._stop.is_set]
        if not codes and not self._stop.is_set:
            self._console.print(
                "No schedule is enabled; enable one in the admin, or use `manage.py consensus`."
            )
        return ERROR if self._stop.is_set else max(codes, default=0)

    def _scan(self, name: str) -> int:
        slot, _ = dispatch.scan(name, now=clock.now())
        if slot.run is None:
            self._console.print(f"{slot}: {slot.reason}", style="red", markup=False)
            return ERROR
        tick, stop = self._supervisor.tick, self._stop
        story = watching.wait(slot.run.pk, meanwhile=tick, is_given_up=lambda: stop.is_set)
        screen.show(self._console, story)
        self._tell_of_the_local_model()
        return exit_code(story)

    def _tell_of_the_local_model(self) -> None:
        if self._environment.house.local_llm:
            self._console.print(f"{local_llm.NAME}: {local_llm.LABEL}.", style="bold magenta")

    def _tell_addresses(self) -> None:
        house = self._environment.house
        is_ours = people.ensure_admin(self._admin_password)
        web = f"http://{processes.LOOPBACK}:{house.thalas_web_port}"
        flower = f"http://{processes.LOOPBACK}:{house.thalas_flower_port}"
        figures = f"http://{processes.LOOPBACK}:{house.thalas_metrics_port}/metrics"
        opens = (
            f"user {people.NAME}, password {self._admin_password}"
            if is_ours
            else "with the password you gave it"
        )
        for name, address in (
            ("Runs", f"{web}/"),
            ("Admin", f"{web}/admin/  ({opens})"),
            ("Flower", f"{flower}/  (user thalas, password {self._flower_password})"),
            ("Figures", f"{figures}  (for Prometheus)"),
        ):
            self._console.print(f"  {name:7} {address}", markup=False, highlight=False, soft_wrap=True)
        self._console.print("  Ask     .venv/bin/python manage.py consensus BTC/USD ETH/USD", highlight=False)
        self._console.print(f"{screen.DISCLAIMER} Ctrl-C stops everything.", style="bold")

    def _stay(self) -> None:
        """Look after the processes, and tell of each run as it ends, until asked to stop."""
        told = {run.pk for run in stories.recent(limit=50)}
        look_at = time.monotonic()
        while not self._stop.is_set:
            self._supervisor.tick()
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + 0.5
                for run in reversed(stories.recent(limit=20)):
                    if run.pk not in told and run.state != models.Run.State.OPEN:
                        told.add(run.pk)
                        self._console.print(screen.brief_line(run), soft_wrap=True)
            time.sleep(0.1)

    def _on_event(self, event: ProcessEvent) -> None:
        if event.kind in TOLD and not self._quiet:
            self._console.print(str(event), style="yellow", markup=False, highlight=False)


def _without_missing(environment: env.Environment, console: Console) -> env.Environment:
    """Return *environment*, without the local model if that is not installed, which is told."""
    if not environment.house.local_llm or local_llm.is_installed():
        return environment
    console.print("The local model is not installed: `make demo LOCAL_LLM=1` does that.", markup=False)
    return replace(environment, house=environment.house.model_copy(update={"local_llm": False}))
