"""How a figure is taken and written: the median of several, with the best and the worst."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def heading(words: str) -> None:
    """A line that begins a part."""
    print(f"\n## {words}", flush=True)


def figure(words: str, value: str, note: str = "") -> None:
    """One figure with what it is."""
    print(f"{words:<62} {value:>16}  {note}".rstrip(), flush=True)


def milliseconds(act: Callable[[], object], *, times: int = 15, warm: int = 2) -> tuple[float, float, float]:
    """Median, best and worst of several runs, in ms, after some that do not count."""
    for _ in range(warm):
        act()
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        found.append((time.perf_counter() - begun) * 1000)
    return statistics.median(found), min(found), max(found)


def timed(words: str, act: Callable[[], object], *, times: int = 15, warm: int = 2, note: str = "") -> None:
    """Take and write one figure in milliseconds."""
    middle, best, worst = milliseconds(act, times=times, warm=warm)
    figure(words, f"{middle:.1f} ms", f"best {best:.1f}, worst {worst:.1f}. {note}")
