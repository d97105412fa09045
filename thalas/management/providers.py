"""How voters and their providers read in a terminal and as JSON. Never a key, and of an address its host."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table
from rich.text import Text

from providers.voters.vendors import ANALYST, VENDORS, VoterSpec
from thalas import models
from thalas.management.console import plain
from thalas.selectors.providers import Condition, Report

COLOURS = {
    Condition.ACTIVE: "green",
    Condition.DEGRADED: "yellow",
    Condition.UNAVAILABLE: "red",
    Condition.CIRCUIT_OPEN: "red",
    Condition.DISABLED: "dim",
    Condition.NOT_CONFIGURED: "dim",
}
LISTED = ("voter", "provider", "model", "state")
NOBODY = (
    "No model provider is configured: only analysts vote. Set a key and allow keys to be used, for example "
    "OPENAI_API_KEY=… and USE_KEYS=1, then run `manage.py llm_providers --reinit`; `--list` names them all."
)


@dataclass(frozen=True, slots=True)
class Check:
    """What a provider's list of models said; *is_well* None where it has no such list."""

    voter: str
    provider: str
    is_well: bool | None
    told: str
    took_ms: float


def show_status(console: Console, reports: Sequence[Report]) -> None:
    """Print a line for each voter; below them which models answer, and what is wrong."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("voter", overflow="fold", min_width=16)
    table.add_column("state", no_wrap=True)
    for name in ("calls", "failed", "p50 ms", "p95 ms", "US$ today", "cap"):
        table.add_column(name, justify="right", no_wrap=True)
    for report in reports:
        table.add_row(*_cells(report))
    console.print(table)
    for report in reports:
        for line in _remarks(report):
            console.print(Text(line, style="dim"))


def status_json(reports: Sequence[Report]) -> list[dict[str, object]]:
    """Return *reports* as JSON has them."""
    return [_report_json(report) for report in reports]


def show_list(console: Console, listed: Sequence[dict[str, object]]) -> None:
    """Print a line for each voter there is, and for each vendor that could be set up; JSON says more."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in LISTED:
        table.add_column(name, overflow="fold", min_width=10 if name == "provider" else 16)
    for row in listed:
        table.add_row(*(plain(str(row[name])) for name in LISTED))
    console.print(table)


def listed(voters: Sequence[models.Voter], specs: dict[str, VoterSpec]) -> list[dict[str, object]]:
    """Return each voter, and each vendor that nothing is set for, with what it would take."""
    found = [_voter_row(voter, specs.get(voter.pk)) for voter in voters]
    used = {spec.provider for spec in specs.values()}
    for vendor in VENDORS.values():
        if vendor.name not in used:
            how = f"set {vendor.key_names}" if vendor.needs_key else f"set {vendor.prefixes[0]}MODEL"
            state = f"{Condition.NOT_CONFIGURED}: {how} and USE_KEYS=1"
            host = urlsplit(vendor.base_url).hostname or ""
            found.append(_row("–", vendor.name, vendor.wire, vendor.default_model, host, state))
    return found


def show_trial(console: Console, vote: models.Vote) -> None:
    """Print what came of one call."""
    told = trial_json(vote)
    for name, value in told.items():
        if name != "answers":
            console.print(Text.assemble((f"{name:15}", "dim"), plain(str(value))))
    for answer in vote.answers:
        words = (f"{key}={value}" for key, value in answer.items() if value not in (None, ""))
        console.print(Text.assemble(("vote           ", "dim"), plain(", ".join(words))))


def trial_json(vote: models.Vote) -> dict[str, object]:
    """Return what came of one call as JSON has it."""
    return {
        "voter": vote.voter_id,
        "state": vote.state,
        "error_kind": vote.error_kind,
        "error": vote.error,
        "model_asked": vote.request_model,
        "model_answered": vote.response_model,
        "tokens_in": vote.tokens_in,
        "tokens_out": vote.tokens_out,
        "cost_usd": float(vote.cost_usd),
        "latency_ms": None if vote.latency_ms is None else round(vote.latency_ms, 1),
        "is_repaired": vote.is_repaired,
        "run": str(vote.run_id),
        "answers": vote.answers,
    }


def show_checks(console: Console, checks: Sequence[Check]) -> None:
    """Print a line for each check."""
    words = {True: Text("well", style="green"), False: Text("ill", style="red"), None: Text("–", style="dim")}
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("voter", "health", "ms", "what it said"):
        table.add_column(name, overflow="fold")
    for check in checks:
        table.add_row(check.voter, words[check.is_well], f"{check.took_ms:.0f}", plain(check.told))
    console.print(table)


def _cells(report: Report) -> list[str | Text]:
    voter, latency = report.member.voter, report.latency
    return [
        voter.pk,
        Text(report.condition, style=COLOURS[report.condition]),
        str(report.calls),
        str(sum(report.errors.values())),
        "–" if latency is None else f"{latency[0]:.0f}",
        "–" if latency is None else f"{latency[1]:.0f}",
        f"{report.member.spent_usd:.4f}",
        f"{report.member.cap_usd:.2f}",
    ]


def _remarks(report: Report) -> list[str]:
    voter, last = report.member.voter, report.newest.error
    name, lines = voter.pk, []
    if voter.wire != ANALYST:
        model = voter.model if not report.changed else f"{voter.model} → {report.newest.answered}"
        lines.append(f"{name}: asks {plain(model)}, circuit {report.circuit.state.replace('_', ' ')}")
    lines += [f"{name}: {report.condition}, {report.why}"] if report.why else []
    if report.errors:
        kinds = ", ".join(f"{kind} {count}" for kind, count in report.errors.items())
        lines.append(f"{name}: failed in 24 h: {kinds}")
    if last is not None:
        lines.append(f"{name}: last error {last.at:%Y-%m-%d %H:%M:%S} UTC, {last.kind}: {plain(last.told)}")
    return lines


def _report_json(report: Report) -> dict[str, object]:
    voter, last, latency = report.member.voter, report.newest.error, report.latency
    return {
        "voter": voter.pk,
        "provider": voter.provider_id,
        "state": report.condition.value,
        "why": report.why,
        "model_asked": voter.model,
        "model_answered": report.newest.answered,
        "is_as_asked": not report.changed,
        "circuit": {
            "state": report.circuit.state.value,
            "wait_s": round(report.circuit.wait_s, 1),
            "openings": report.circuit.openings,
            "ills": report.circuit.ills,
            "shut_s": round(report.circuit.shut_s, 1),
        },
        "calls": report.calls,
        "repaired": report.repaired,
        "errors": dict(report.errors),
        "latency_p50_ms": None if latency is None else round(latency[0], 1),
        "latency_p95_ms": None if latency is None else round(latency[1], 1),
        "cost_today_usd": float(report.member.spent_usd),
        "cap_usd_per_day": float(report.member.cap_usd),
        "last_error": None
        if last is None
        else {"at": last.at.isoformat(), "kind": last.kind, "told": plain(last.told)},
    }


def _voter_row(voter: models.Voter, spec: VoterSpec | None) -> dict[str, object]:
    host = "this machine" if spec is None or not spec.base_url else urlsplit(spec.base_url).hostname or ""
    state = "may vote" if voter.is_enabled else Condition.DISABLED.value
    if spec is None:
        host, state = "–", f"{Condition.NOT_CONFIGURED}: the environment no longer offers it"
    return _row(voter.pk, voter.provider_id, voter.wire, voter.model, host, state)


def _row(voter: str, provider: str, wire: str, model: str, host: str, state: str) -> dict[str, object]:
    return {
        "voter": voter,
        "provider": provider,
        "wire": wire,
        "model": model,
        "host": host,
        "state": state,
    }
