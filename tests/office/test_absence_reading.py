"""Lists of absences as schools write them: marks, headings, names, and whatever else is pasted."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from booking.office.absence_reading import field_of, read_absences
from booking.people.import_problems import ColumnsUnknown, ImportRefused
from tests.office.absences import SIMS


def test_a_report_with_marks_is_read_as_the_register_means_it() -> None:
    read = read_absences(SIMS.encode(), "SIMS.csv")
    assert [(line.said, line.kind, line.words) for line in read.lines] == [
        ("Ada Okafor", "away", "Chickenpox"),
        ("Dan Field", "away", "Dentist"),
    ]
    assert [line.said for line in read.out] == ["Cara Teal"]
    assert read.is_in == 1


@given(st.text(max_size=400))
@example(",")
@example("Name\n,\n")
@example('"')
def test_whatever_is_pasted_is_read_or_refused(text: str) -> None:
    try:
        read = read_absences(text.encode("utf-8", "surrogatepass"), "a list")
    except ImportRefused:
        return
    assert all(line.said and line.kind in {"away", "leaves_early"} for line in read.lines)


@given(
    away_lines=st.lists(st.sampled_from(["Ada Okafor", "Ben Marsh", "Cara Teal"]), unique=True, max_size=3),
    separator=st.sampled_from([",", ";", "\t"]),
    is_turned=st.booleans(),
)
def test_the_order_of_lines_and_columns_does_not_matter(
    away_lines: list[str], separator: str, is_turned: bool
) -> None:
    rows = [["Name", "Leaves at"], *([name, ""] for name in away_lines), ["Dan Field", "14:15"]]
    text = "\n".join(separator.join(reversed(row) if is_turned else row) for row in rows)
    read = read_absences(text.encode(), "a list")
    assert {(line.said, line.at_time) for line in read.lines} == {
        *((name, None) for name in away_lines),
        ("Dan Field", time(14, 15)),
    }


def test_headings_are_known_in_any_case_and_with_any_signs() -> None:
    assert field_of(" Reg. Group ") == "class_name"
    assert field_of("PM_Mark") == "mark"
    assert field_of("Favourite colour") is None
    with pytest.raises(ColumnsUnknown):
        read_absences(b"Colour,Size,Shape\nred,1,round\n", "a list")
