"""A line of the bank is taken up once, whatever file brings it and in whatever order."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from booking.core.db import db, unit_of_work
from booking.payments.bank_file_kinds import read_statement
from booking.payments.bank_intake import FileKnown, make_ready, take_back_file, take_up
from booking.payments.bank_lines import ReadLine
from booking.payments.bank_models import BankFile, BankLine
from tests.builders import AT
from tests.conftest import empty_database
from tests.payments.bank_files import TODAY, a_line, camt, signed_csv, statement


def upload(content: bytes, name: str = "bank.csv") -> BankFile:
    """Take a statement up."""
    ready = make_ready(read_statement(content, name, today=TODAY), content, name)
    with unit_of_work():
        return take_up(ready, at=AT, user_id=None)


def _stored() -> list[tuple[int, str, str]]:
    db.session.rollback()
    rows = db.session.scalars(select(BankLine).order_by(BankLine.amount_pence, BankLine.id))
    return [(row.amount_pence, row.text, row.state) for row in rows]


def test_money_that_came_in_waits_and_what_went_out_is_not_kept(app: Flask) -> None:
    file = upload(statement("lloyds.csv"))
    assert (file.line_count, file.known_count, file.out_count, file.total_pence) == (3, 0, 1, 131750)
    assert _stored() == [
        (1350, "A ROBIN 00-00-02 CLUB", "waiting"),
        (5400, "HMRC CHILDCARE AJON12345TFC", "waiting"),
        (125000, "LARKSPUR VOUCHERS LV-2026-11", "waiting"),
    ]


def test_the_words_of_a_line_stand_sealed(app: Flask) -> None:
    upload(statement("lloyds.csv"))
    assert all(b"ROBIN" not in sealed for sealed in db.session.scalars(select(BankLine.sealed)))


def test_the_same_file_again_is_refused_and_says_when_it_came(app: Flask) -> None:
    upload(statement("lloyds.csv"))
    with pytest.raises(FileKnown, match=r"on Monday 23 November 2026\. Nothing was taken up twice"):
        upload(statement("lloyds.csv"), "again.csv")
    assert len(_stored()) == 3


def test_a_day_that_was_still_to_come_comes_with_the_same_file_later(app: Flask) -> None:
    content = signed_csv([a_line("now", on=TODAY), a_line("monday", on=TODAY + timedelta(days=1))])
    file = upload(content)
    assert (file.line_count, len(file.problems)) == (1, 1)
    ready = make_ready(read_statement(content, "b", today=TODAY + timedelta(days=1)), content, "b")
    with unit_of_work():
        again = take_up(ready, at=AT, user_id=None)
        assert (again.id, again.line_count, again.known_count, again.problems) == (file.id, 2, 0, [])
    with pytest.raises(FileKnown), unit_of_work():
        take_up(ready, at=AT, user_id=None)
    assert len(_stored()) == 2


def test_a_mended_file_brings_only_what_was_wrong_before(app: Flask) -> None:
    whole = signed_csv([a_line("first"), a_line("second"), a_line("second")])
    cut = whole[: whole.rindex(b"second") + 3]
    first = upload(cut)
    assert first.line_count == 2
    assert first.problems == [[4, "Half a line: 2 of 4 cells. Take the file again from your bank."]]
    second = upload(whole)
    assert (second.line_count, second.known_count) == (1, 2)
    assert [text for _, text, _ in _stored()] == ["first", "second", "second"]


POOL = [
    a_line(text, pence, date(2026, 11, day))
    for text in ("A ROBIN", "B WREN")
    for pence in (1350, 5400)
    for day in (3, 4)
]
A_FILE = st.lists(st.sampled_from(POOL), min_size=1, max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(files=st.lists(A_FILE, min_size=1, max_size=4), data=st.data())
def test_no_file_and_no_order_brings_a_line_twice(
    app: Flask, files: list[list[ReadLine]], data: st.DataObject
) -> None:
    """After any files, each line stands as often as it does in the file that has it most often."""
    empty_database()
    most: dict[tuple[str, int, date], int] = {}
    for lines in files:
        again = data.draw(st.permutations(lines))
        for order in (lines, again):
            with contextlib.suppress(FileKnown):
                upload(signed_csv(order))
        for line in lines:
            key = (line.text, line.amount_pence, line.on)
            most[key] = max(most.get(key, 0), lines.count(line))
    db.session.rollback()
    rows = list(db.session.scalars(select(BankLine)))
    found = dict.fromkeys(most, 0)
    for row in rows:
        found[row.text, row.amount_pence, row.on] += 1
    db.session.rollback()
    assert found == most


def test_the_same_money_in_another_kind_of_file_is_shown_as_a_double(app: Flask) -> None:
    lines = [a_line("A ROBIN CLUB"), a_line("B WREN CLUB"), a_line("HMRC AJON12345TFC", 5400)]
    upload(signed_csv(lines[:2]))
    upload(camt([a_line("FP FROM A ROBIN"), a_line("FP FROM B WREN"), lines[2]]))
    db.session.rollback()
    doubles = db.session.scalars(
        select(BankLine.double_of_id).where(BankLine.double_of_id.is_not(None))
    ).all()
    assert sorted(doubles) == [1, 2]


def test_equal_amounts_of_other_families_are_no_doubles(app: Flask) -> None:
    """The second file holds the line of the first too: the other line of that day and amount is other money."""
    upload(signed_csv([a_line("A ROBIN CLUB")]))
    upload(signed_csv([a_line("A ROBIN CLUB"), a_line("B WREN CLUB")]))
    assert db.session.scalar(select(func.count()).where(BankLine.double_of_id.is_not(None))) == 0


def test_a_file_is_taken_back_whole_while_nothing_of_it_is_used(app: Flask) -> None:
    file = upload(statement("hsbc.csv"))
    with unit_of_work():
        take_back_file(file.id, at=AT, user_id=None)
    assert _stored() == []
    assert upload(statement("hsbc.csv")).line_count == 3
