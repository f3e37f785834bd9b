"""What each service holds in memory, as the kernel counts it."""

from pathlib import Path

from bench.report import Bar
from stack.instances import Install

MOST_MB = 150
KB_IN_MB = 1024


def memory_bars(whole: Install) -> list[Bar]:
    """One bar for each process: resident now, and the most it ever was."""
    return [_bar(instance.service, instance.process.pid) for instance in whole.instances]


def _bar(service: str, pid: int) -> Bar:
    now, most = (resident(pid, name) for name in ("VmRSS", "VmHWM"))
    return Bar(most < MOST_MB, f"{service} holds {now:.0f} MB in memory, {most:.0f} MB at most; under {MOST_MB} MB")


def resident(pid: int, name: str) -> float:
    """Megabytes of a process, by the kernel's name of the figure."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    found = next(line for line in lines if line.startswith(f"{name}:"))
    return int(found.split()[1]) / KB_IN_MB
