"""The list of sabotages follows the source, the judge can say no, and a sample really runs; `make sabotage` runs all."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.sabotage.all import SABOTAGES
from tests.sabotage.kinds import AnchorLost, Edit, Sabotage, read
from tests.services import postgresql_url
from tools.sabotage import changed, copy_source, judge, run_all, try_one

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = 2
SEED = os.environ.get("SABOTAGE_SEED", "the twenty-third of November")
HARMLESS = Sabotage(
    "another docstring",
    (Edit("booking/core/money.py", "Money is whole pence in pounds", "Money is pence in pounds"),),
    ("tests/core/test_money.py",),
)
IMPORTED = {"imported": ["booking/core/money.py"], "passed": 3}
FAILED = {"test": "test_x", "when": "call", "words": "assert 1 == 2"}


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=[one.name for one in SABOTAGES])
def test_a_sabotage_fits_the_present_source(sabotage: Sabotage) -> None:
    texts: dict[str, str] = {}
    for edit in sabotage.edits:
        texts[edit.path] = edit.apply(texts.get(edit.path, read(ROOT, edit)))
    for test in sabotage.tests:
        path, _, name = test.partition("::")
        assert not name or f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), test
        assert (ROOT / path).is_file()


def test_no_two_sabotages_have_one_name_and_none_is_tried_nowhere() -> None:
    assert len({one.name for one in SABOTAGES}) == len(SABOTAGES) >= 24
    assert all(one.databases and one.tests and one.edits for one in SABOTAGES)


@pytest.mark.parametrize(
    ("code", "seen", "expected"),
    [
        (0, IMPORTED, "MISSED"),
        (1, {**IMPORTED, "first": FAILED}, "caught"),
        (1, {**IMPORTED, "first": {**FAILED, "when": "setup"}}, "invalid"),
        (1, {**IMPORTED, "first": {**FAILED, "words": "NameError: name 'x' is not defined"}}, "invalid"),
        (1, {**IMPORTED, "first": {**FAILED, "words": "assert [ImportError('x')] == []"}}, "invalid"),
        (1, {**IMPORTED, "first": {**FAILED, "words": "Failed: Timeout (>60.0s)"}}, "invalid"),
        (1, {**IMPORTED, "first": FAILED, "strangers": ["booking.core.money"]}, "invalid"),
        (1, {"imported": [], "passed": 0, "first": FAILED}, "invalid"),
        (2, {**IMPORTED, "first": {**FAILED, "when": "collect"}}, "invalid"),
        (4, {}, "invalid"),
        (0, {**IMPORTED, "passed": 0}, "invalid"),
        (None, {}, "invalid"),
    ],
)
def test_only_a_test_that_failed_in_the_copy_counts(
    code: int | None, seen: dict[str, object], expected: str
) -> None:
    assert judge(HARMLESS, code, seen)[0] == expected


def test_a_copy_is_as_before_afterwards_and_a_lost_anchor_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\ny = 1\n", encoding="utf-8")
    with changed(tmp_path, [Edit("a.py", "x = 1", "x = 2"), Edit("a.py", "y = 1", "y = 3")]):
        assert (tmp_path / "a.py").read_text(encoding="utf-8") == "x = 2\ny = 3\n"
    for lost in ("z", "= 1"):
        with pytest.raises(AnchorLost), changed(tmp_path, [Edit("a.py", lost, "")]):
            pass
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == "x = 1\ny = 1\n"


def test_two_of_them_are_caught_and_one_that_does_no_harm_is_not(tmp_path: Path) -> None:
    copy = copy_source(tmp_path)
    fast = [one for one in SABOTAGES if one.is_fast]
    verdicts = [try_one(copy, one, "sqlite") for one in random.Random(SEED).sample(fast, SAMPLE)]
    assert [verdict.what for verdict in verdicts] == ["caught"] * SAMPLE, verdicts
    assert try_one(copy, HARMLESS, "sqlite").what == "MISSED"


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_all_of_them_are_caught() -> None:
    postgresql_url()
    verdicts = run_all(SABOTAGES, ["postgresql", "sqlite"])
    assert [str(one) for one in verdicts if one.what not in {"caught", "passes"}] == []
