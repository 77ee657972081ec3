"""`make test`: the suite on SQLite, then what touches the database on PostgreSQL, then the journeys in a browser.

Ends at the first part that fails, with its exit code. `--long` runs the full counts of every proof too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = (
    ("on SQLite", {"TEST_DATABASE": "sqlite"}, ["-n", "2", "--ignore=tests/e2e"]),
    (
        "on PostgreSQL",
        {"TEST_DATABASE": "postgresql"},
        [
            "-n",
            "2",
            "--ignore=tests/e2e",
            "--ignore=tests/stripe_double",
            "--ignore=tests/house",
            "-p",
            "no:cacheprovider",
        ],
    ),
    ("in the browser", {"TEST_DATABASE": "sqlite"}, ["tests/e2e"]),
)


def main() -> int:
    """Run the parts in turn and return the first exit code that is not 0."""
    is_long = "--long" in sys.argv
    for name, extra, arguments in PARTS:
        print(f"== Tests {name}", flush=True)
        marks = [] if is_long else ["-m", "not long"]
        code = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *marks, *arguments], cwd=ROOT, env={**os.environ, **extra}
        ).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
