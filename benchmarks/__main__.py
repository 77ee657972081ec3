"""`make bench`: every figure in one run on this machine; nothing is compared with a fixed time."""

from __future__ import annotations

import os
import platform
import tempfile
from pathlib import Path

from benchmarks import (
    bank,
    card_money,
    exports,
    holds,
    money,
    opening_day,
    pages,
    people,
    rush,
    sign_ins,
    starting,
    tablets,
)
from benchmarks.printing import heading


def main() -> None:
    """Run each benchmark in turn, in a folder that goes away."""
    heading(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.platform()}")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        starting.run()
        pages.run(Path(folder))
        holds.run(Path(folder))
        exports.run(Path(folder))
        money.run(Path(folder))
        rush.run(Path(folder))
        opening_day.run(Path(folder))
        card_money.run(Path(folder))
        sign_ins.run(Path(folder))
        people.run(Path(folder))
        bank.run(Path(folder))
        tablets.run(Path(folder))


if __name__ == "__main__":
    main()
