"""How long the app takes to import, what it drags in, and how much memory it holds."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.printing import figure, heading, milliseconds

APP = "from booking.app import create_app; create_app()"
HEAVY = ("scipy", "typst", "stripe", "numpy", "icalendar", "holidays", "alembic")


def run() -> None:
    """Start fresh interpreters and look at them from inside."""
    heading("Starting")
    bare, _, _ = milliseconds(lambda: _python("pass"), times=5, warm=1)
    app, _, _ = milliseconds(lambda: _python(APP), times=5, warm=1)
    figure(
        "app import (a bare interpreter taken off)",
        f"{app - bare:.0f} ms",
        f"aim under 1000; {app / bare:.0f} x bare",
    )
    code = (
        f"{APP}; import sys, resource\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    heavy, megabytes = _python(code).stdout.strip().rsplit(" ", 1)
    figure("heavy modules at web start", heavy)
    figure("memory of the app after import", f"{megabytes} MB")


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
