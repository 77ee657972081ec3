"""A yes posts a line once; a wrong yes is reversed once; no file and no order posts a penny twice."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence
from booking.ledger.models import Entry
from booking.payments.bank_intake import FileInUse, FileKnown, take_back_file
from booking.payments.bank_models import BankLine, LineMatch
from booking.payments.bank_posting import (
    LineTaken,
    MoneyWentBack,
    NothingSure,
    NotTheirChild,
    Paid,
    PartsDiffer,
    confirm,
    confirm_sure,
    set_aside,
    take_back,
)
from booking.payments.matching import Part
from booking.payments.models import ChildReference, Payment, Refund
from booking.payments.waiting_lines import count_waiting, proposals
from tests.bookings.rushes import at_once
from tests.builders import AT, a_family, save
from tests.conftest import empty_database
from tests.payments.bank_files import a_line
from tests.payments.bank_yes import all_is_right, known_by, part, stands, upload, yes


def test_all_sure_lines_are_posted_by_one_yes_on_the_day_they_came(app: Flask) -> None:
    family = known_by(a_family())
    upload(a_line("HMRC AJON12345TFC", 5400), a_line("A STRANGER", 999))
    sure = [one for one in proposals() if one.kind == "sure"]
    with unit_of_work():
        assert confirm_sure({one.line.line_id: one.parts[0] for one in sure}, at=AT, user_id=None) == 1
    payment = db.session.scalars(select(Payment)).one()
    assert (payment.tender, payment.state, payment.amount_pence) == ("tfc", "paid", 5400)
    assert payment.pupil_id == family.pupils[0].id
    assert payment.paid_at == datetime(2026, 11, 3, 12, tzinfo=UTC)
    assert (credit_pence(family.account.id), stands("tfc"), count_waiting().lines) == (5400, 5400, 1)
    all_is_right()


def test_a_second_yes_posts_nothing(app: Flask) -> None:
    family = known_by(a_family())
    line, _ = upload(a_line("HMRC AJON12345TFC", 5400), a_line("A STRANGER", 999))
    shown = {line.id: part(family, 5400)}
    with unit_of_work():
        confirm_sure(shown, at=AT, user_id=None)
    with pytest.raises(NothingSure), unit_of_work():
        confirm_sure(shown, at=AT, user_id=None)
    with pytest.raises(LineTaken):
        yes(line, part(family, 5400))
    assert credit_pence(family.account.id) == 5400


def test_of_two_who_say_yes_at_one_moment_one_posts(app: Flask) -> None:
    family = a_family()
    line_id = upload(a_line("KIT", 5400))[0].id
    parts = [part(family, 5400)]
    db.session.rollback()

    def act() -> None:
        confirm(line_id, parts, Paid("tfc"), at=AT, user_id=None)

    results = at_once(app, [act] * 4)
    assert [type(one) for one in results if isinstance(one, Exception)] == [LineTaken] * 3, results
    assert credit_pence(family.account.id) == 5400
    all_is_right()


def test_what_is_not_sure_any_more_is_not_posted(app: Flask) -> None:
    family, other = known_by(a_family()), a_family()
    line, _ = upload(a_line("HMRC AJON12345TFC", 5400), a_line("B", 999))
    with pytest.raises(NothingSure), unit_of_work():
        confirm_sure({line.id: part(other, 5400)}, at=AT, user_id=None)
    with unit_of_work():
        db.session.delete(db.session.scalars(select(ChildReference)).one())
    with pytest.raises(NothingSure), unit_of_work():
        confirm_sure({line.id: part(family, 5400)}, at=AT, user_id=None)
    assert db.session.scalars(select(Payment)).all() == []


def test_a_plain_transfer_stands_on_the_bank_and_not_in_the_cash_box(app: Flask) -> None:
    family = a_family()
    yes(upload(a_line("SAM AHMED", 2000))[0], part(family, 2000, None), tender="office")
    assert (stands("bank"), stands("cash"), credit_pence(family.account.id)) == (2000, 0, 2000)
    all_is_right()


def test_one_payment_is_split_between_children_and_families(app: Flask) -> None:
    family, other = a_family(2), a_family()
    line = upload(a_line("BOTH", 6750))[0]
    made = yes(line, part(family, 4000), part(family, 1400, 1), part(other, 1350))
    assert [one.pupil_id for one in made] == [family.pupils[0].id, family.pupils[1].id, other.pupils[0].id]
    assert (credit_pence(family.account.id), credit_pence(other.account.id)) == (5400, 1350)
    all_is_right()


def test_parts_that_do_not_sum_to_the_line_post_nothing(app: Flask) -> None:
    family = a_family(2)
    line = upload(a_line("BOTH", 6750))[0]
    for parts in ((5400, 1351), (5400,), (6751, -1), (6750, 0), ()):
        with pytest.raises(PartsDiffer, match=r"the line is £67\.50.*Nothing was posted"):
            yes(line, *(part(family, pence, n) for n, pence in enumerate(parts)))
    assert db.session.scalars(select(Entry)).all() == []


def test_a_child_of_another_family_is_refused(app: Flask) -> None:
    family, other = a_family(), a_family()
    line = upload(a_line("KIT", 100))[0]
    with pytest.raises(NotTheirChild):
        yes(line, Part(family.account.id, other.pupils[0].id, 100))
    all_is_right()


def test_a_wrong_match_is_reversed_once_and_the_line_waits_again(app: Flask) -> None:
    wrong, right = a_family(), a_family()
    line = upload(a_line("KIT", 5400))[0]
    yes(line, part(wrong, 5400))
    with unit_of_work():
        assert take_back(line.id, at=AT, user_id=None) == "matched"
    with pytest.raises(LineTaken), unit_of_work():
        take_back(line.id, at=AT, user_id=None)
    assert (credit_pence(wrong.account.id), stands("tfc"), count_waiting().pence) == (0, 0, 5400)
    all_is_right()
    yes(line, part(right, 5400))
    assert (credit_pence(wrong.account.id), credit_pence(right.account.id)) == (0, 5400)
    entries = db.session.execute(select(Entry.kind, Entry.reverses_id.is_not(None)).order_by(Entry.id))
    assert [tuple(row) for row in entries] == [
        ("payment", False),
        ("payment_undone", True),
        ("payment", False),
    ]
    assert [one.state for one in db.session.scalars(select(Payment).order_by(Payment.id))] == [
        "undone",
        "paid",
    ]
    all_is_right()


def test_money_that_went_back_is_not_undone(app: Flask) -> None:
    family = a_family()
    line = upload(a_line("KIT", 5400))[0]
    payment = yes(line, part(family, 5400))[0]
    save(Refund(payment_id=payment.id, amount_pence=100, reason="x", idempotency_key="k", created_at=AT))
    with pytest.raises(MoneyWentBack), unit_of_work():
        take_back(line.id, at=AT, user_id=None)
    assert credit_pence(family.account.id) == 5400


def test_a_line_that_is_no_familys_is_set_aside_with_the_reason_sealed(app: Flask) -> None:
    line = upload(a_line("LOTTERY GRANT", 100))[0]
    with unit_of_work():
        set_aside(line.id, "A grant for the garden", at=AT, user_id=None)
    db.session.rollback()
    kept = db.session.get_one(BankLine, line.id)
    assert (kept.state, kept.why, b"garden" in kept.sealed, count_waiting().lines) == (
        "set_aside",
        "A grant for the garden",
        False,
        0,
    )
    with unit_of_work():
        take_back(line.id, at=AT, user_id=None)
    assert count_waiting().lines == 1


def test_a_file_with_matched_money_stays(app: Flask) -> None:
    family = a_family()
    line = upload(a_line("KIT", 100))[0]
    yes(line, part(family, 100))
    with pytest.raises(FileInUse), unit_of_work():
        take_back_file(line.file_id, at=AT, user_id=None)


ACTS = st.lists(
    st.tuples(st.sampled_from("uuyyystr"), st.integers(0, 5), st.permutations(range(5))), max_size=14
)
POOL = [
    a_line(name, pence, date(2026, 11, 3))
    for name, pence in (("A", 100), ("B", 100), ("C", 250), ("D", 999), ("D", 999))
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12)
@given(acts=ACTS)
def test_whatever_is_uploaded_and_decided_no_penny_is_posted_twice(
    app: Flask, acts: list[tuple[str, int, list[int]]]
) -> None:
    """Files that overlap in any order, yes, set aside and undo: families have exactly what is matched now."""
    empty_database()
    family = a_family(2)
    matched: dict[int, int] = {}
    for act, which, order in acts:
        try:
            if act in "u":
                upload(*(POOL[n] for n in order[: which + 1]))
            lines = list(db.session.scalars(select(BankLine).order_by(BankLine.id)))
            line = lines[which % len(lines)] if lines else None
            if line and act in "y":
                half = line.amount_pence // 2
                yes(line, part(family, half), part(family, line.amount_pence - half, 1))
                matched[line.id] = line.amount_pence
            elif line and act == "s":
                with unit_of_work():
                    set_aside(line.id, "no", at=AT, user_id=None)
            elif line and act in "tr":
                with unit_of_work():
                    take_back(line.id, at=AT, user_id=None)
                matched.pop(line.id, None)
        except (LineTaken, FileKnown):
            continue
    db.session.rollback()
    assert credit_pence(family.account.id) == sum(matched.values()) <= 2448
    live = db.session.scalars(select(LineMatch.amount_pence).where(LineMatch.undone_at.is_(None)))
    assert sum(live) == sum(matched.values())
    all_is_right()
