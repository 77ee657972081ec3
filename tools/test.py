"""`make test`: the suite on SQLite, then what touches the database on PostgreSQL, then the journeys in a browser.

Ends at the first part that fails, with its exit code. `--long` runs the full counts of every proof too.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOT_ABOUT_THE_DATABASE = (
    "tests/e2e",
    "tests/load",
    "tests/stripe_double",
    "tests/house/test_code.py",
    "tests/house/test_sabotages.py",
    "tests/equity/test_attack.py",
    "tests/equity/test_dot_plot.py",
    "tests/equity/test_equity_commands.py",
    "tests/equity/test_mixing.py",
    "tests/equity/test_protection.py",
    "tests/equity/test_uptake.py",
    "tests/office/demo",
    "tests/office/test_commands.py",
    "tests/payments/test_allocation.py",
    "tests/payments/test_bank_matching.py",
    "tests/payments/test_estimate.py",
    "tests/payments/test_promises.py",
    "tests/payments/test_signatures.py",
    "tests/payments/test_splitting.py",
    "tests/payments/test_statement_files.py",
    "tests/registers/test_child_days.py",
    "tests/registers/test_lists.py",
    "tests/registers/test_sheets.py",
    "tests/core/test_pdf.py",
)
PARTS = (
    ("on SQLite", "sqlite", ["-n", "2", "--ignore=tests/e2e"]),
    ("on PostgreSQL", "postgresql", ["-n", "2", *(f"--ignore={path}" for path in NOT_ABOUT_THE_DATABASE)]),
    ("in the browser", "sqlite", ["-n", "2", "--dist", "loadfile", "tests/e2e"]),
)


def main() -> int:
    """Run the parts in turn and return the first exit code that is not 0."""
    is_long = "--long" in sys.argv
    for name, database, arguments in PARTS:
        print(f"== Tests {name}", flush=True)
        marks = [] if is_long else ["-m", "not long"]
        code = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *marks, *arguments],
            cwd=ROOT,
            env={**os.environ, "TEST_DATABASE": database},
        ).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
