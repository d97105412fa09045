"""(v) How fast `manage.py audit verify` reads a long chain, beside a walk that reads it the usual way."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction

from benchmarks import figures, house  # noqa: F401  # sets Django up before the models are imported
from benchmarks.reports import Report
from thalas import models
from thalas.domain import chains
from thalas.selectors import audits, clock
from thalas.services import audits as writing

ROWS, SHORT_ROWS = 200_000, 20_000
PLAIN_ROWS = 20_000
TIMES = 5
LEAST_PER_S = 50_000.0
AT_ONCE = 5_000


def measure(*, short: bool) -> Report:
    """Make the chain long, and read it back some times each way, in turn.

    Raises:  RuntimeError if the chain is found broken: a fast walk that sees wrong is worth nothing.
    """
    _lengthen(SHORT_ROWS if short else ROWS)
    ours: list[float] = []
    plain: list[float] = []
    cpu_us: list[float] = []
    rows = 0
    for _ in range(TIMES):
        used = time.process_time()
        took_s, rows = _timed(_verified)
        cpu_us.append((time.process_time() - used) * 1e6 / rows)
        ours.append(rows / took_s)
        took_s, few = _timed(_walked_plainly)
        plain.append(few / took_s)
    return _report(rows, ours, plain, cpu_us)


def _lengthen(rows: int) -> None:
    """Append so many entries, chained as `append` chains them, in a few statements."""
    now = clock.now()
    writing.append(actor="a benchmark", action="run.open", target="the first", now=now)
    head = models.AuditHead.objects.get()
    for start in range(0, rows, AT_ONCE):
        made = []
        for number in range(start, min(rows, start + AT_ONCE)):
            made.append(_entry(head, number, now))
            head.seq, head.sha256 = made[-1].seq, made[-1].sha256
        with transaction.atomic():
            models.AuditEntry.objects.bulk_create(made)
            head.save()


def _entry(head: models.AuditHead, number: int, now: datetime) -> models.AuditEntry:
    entry = models.AuditEntry(
        seq=head.seq + 1,
        at=now + timedelta(milliseconds=number),
        actor="key tk0123456789ab",
        action="run.open",
        target=f"0198c0de-0000-7000-8000-{number:012x}",
        details={"reason": f"number {number}", "limits": [10, 60, 1000]},
        prev_sha256=head.sha256,
    )
    entry.sha256 = chains.digest(_link(entry))
    return entry


def _link(entry: models.AuditEntry) -> chains.Link:
    return chains.Link(
        seq=entry.seq,
        at=chains.moment(entry.at),
        actor=entry.actor,
        action=entry.action,
        target=entry.target,
        details=entry.details,
        prev_sha256=entry.prev_sha256,
    )


def _verified() -> int:
    report = audits.verify()
    if report.broken:
        raise RuntimeError(f"the chain is broken: {report.broken[0]}")
    return report.rows


def _walked_plainly() -> int:
    """Read rows as models and hash them: what a verification is without care."""
    entries = models.AuditEntry.objects.order_by("seq").iterator(chunk_size=AT_ONCE)
    count = 0
    for entry in islice(entries, PLAIN_ROWS):
        count += chains.digest(_link(entry)) == entry.sha256
    return count


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


def _report(rows: int, ours: list[float], plain: list[float], cpu_us: list[float]) -> Report:
    median, usual = figures.percentile(ours, 0.5), figures.percentile(plain, 0.5)
    cpu = figures.percentile(cpu_us, 0.5)
    slow = f"{median:,.0f} entries/s are verified, fewer than {LEAST_PER_S:,.0f}"
    return Report(
        part="v",
        title=f"the audit chain of {rows:,} entries read back, {TIMES} times",
        headings=["what", "entries/s", "slowest", "CPU µs an entry", "of the usual way"],
        rows=[
            ["audit verify", f"{median:,.0f}", f"{min(ours):,.0f}", f"{cpu:.1f}", f"{median / usual:.1f}"],
            ["models, hashed", f"{usual:,.0f}", f"{min(plain):,.0f}", "", "1"],
        ],
        figures={
            "entries": rows,
            "per_s": median,
            "slowest_per_s": min(ours),
            "cpu_us": cpu,
            "plain_per_s": usual,
        },
        notes=["CPU is this process's; with PostgreSQL the server's comes on top"],
        regressions=[slow] if median < LEAST_PER_S else [],
    )
