"""What processes use: CPU and memory, each with its children, by the names that the stage gave them."""

import json
import sys
from pathlib import Path

import psutil

from benchmarks import stages


def pids(home: Path) -> dict[str, int]:
    """Return the processes of the stage in *home*."""
    found: dict[str, int] = json.loads((home / stages.PROCESSES).read_text())
    return found


def cpu_s(processes: dict[str, int]) -> dict[str, float]:
    """Return the CPU seconds that each of *processes* has used, with its children, dead ones included."""
    return {name: _cpu_s(psutil.Process(pid)) for name, pid in processes.items()}


def _cpu_s(process: psutil.Process) -> float:
    own = process.cpu_times()
    dead = getattr(own, "children_user", 0.0) + getattr(own, "children_system", 0.0)
    return float(own.user + own.system + dead + sum(_alive_s(child) for child in _children(process)))


def _alive_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def memory_mb(processes: dict[str, int]) -> dict[str, tuple[float, float]]:
    """Return RSS and PSS of each of *processes* in MiB; PSS is NaN where the system does not tell it."""
    return {name: _memory_mb(psutil.Process(pid)) for name, pid in processes.items()}


def _memory_mb(process: psutil.Process) -> tuple[float, float]:
    rss = pss = 0.0
    for one in (process, *_children(process)):
        try:
            rss += one.memory_info().rss / 2**20
            pss += one.memory_full_info().pss / 2**20 if sys.platform == "linux" else float("nan")
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            pss = float("nan")
    return rss, pss


def _children(process: psutil.Process) -> list[psutil.Process]:
    return process.children(recursive=True)


def is_ours(name: str) -> bool:
    """Say whether process *name* works for Thalas, not for the naive side or as a prop of the stage."""
    return not name.startswith("naive") and name != "emulator"


def is_naives(name: str) -> bool:
    """Say whether process *name* works for the naive chord."""
    return name.startswith("naive") or name == "broker"
