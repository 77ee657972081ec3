"""docs/security.md: every ASVS line of levels 1 and 2 stands there once, and every proof that it names exists."""

from __future__ import annotations

import csv
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_line_stands_there_once() -> None:
    with (ROOT / "tests" / "house" / "asvs_ids.csv").open(encoding="utf-8", newline="") as file:
        wanted = [row["id"] for row in csv.DictReader(file)]
    assert len(wanted) == 253
    assert re.findall(r"^\| (\d+\.\d+\.\d+) \|", PAGE, flags=re.MULTILINE) == wanted


def test_every_proof_exists() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE))
    assert len(named) > 80
    for path, name in sorted(named):
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, f"{path}::{name}"


def test_a_line_is_met_or_says_why_not() -> None:
    for line in PAGE.splitlines():
        if re.match(r"\| \d", line):
            _, _, asks, met, _, _ = (part.strip() for part in line.split("|"))
            assert asks, line
            assert met, line
