"""(d) Memory of each process, after whatever the parts before it did."""

from benchmarks import meters
from benchmarks.reports import Report
from benchmarks.sides import Naive, Thalas


def measure(thalas: Thalas, naive: Naive) -> Report:
    """Report the resident and the proportional memory of every process."""
    used = meters.memory_mb({**thalas.pids, **naive.pids})
    ours = [used[name] for name in thalas.pids]
    return Report(
        part="d",
        title="memory in MiB",
        headings=["process", "RSS", "PSS"],
        rows=[[name, f"{rss:.0f}", f"{pss:.0f}"] for name, (rss, pss) in used.items()]
        + [["thalas, all", f"{sum(rss for rss, _ in ours):.0f}", f"{sum(pss for _, pss in ours):.0f}"]],
        figures={"rss_mb": {k: v[0] for k, v in used.items()}, "pss_mb": {k: v[1] for k, v in used.items()}},
        notes=["RSS counts shared pages in every process; PSS shares them out (Linux only)"],
    )
