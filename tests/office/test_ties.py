"""Ties: responsibility has a source and a day, a tie ends with a reason, and a family may do without signing in."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from booking.bookings.baskets import bookable_ids
from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.office.families import accounts
from booking.office.ties import CannotTie, TieDetails, change_tie, open_account
from booking.people.models import Contact, FamilyAccount, Guardianship
from tests.browser import Browser
from tests.builders import AT, Family, a_family, a_pupil, a_school, a_user, save


def tie_of(family: Family) -> Guardianship:
    return db.session.scalars(select(Guardianship).where(Guardianship.user_id == family.user.id)).one()


def test_responsibility_that_is_known_has_a_source_and_a_day(app: Flask) -> None:
    family = a_family()
    tie_id = tie_of(family).id
    for known in ("yes", "no"):
        with pytest.raises(CannotTie), unit_of_work():
            change_tie(tie_id, TieDetails("mother", known, " ", True, True), at=AT, by=family.user.id)
    with unit_of_work():
        change_tie(tie_id, TieDetails("mother", "no", "Court order", True, False), at=AT, by=family.user.id)
    found = tie_of(family)
    assert (found.parental_responsibility, found.responsibility_source, found.responsibility_on) == (
        "no",
        "Court order",
        AT.date(),
    )
    assert bookable_ids(family.account.id, AT.date()) == {family.pupils[0].id}, (
        "it gates consents, not booking"
    )


def test_a_tie_ends_with_a_reason_and_the_adult_finds_nothing(app: Flask) -> None:
    a_school()
    family = a_family()
    tie_id, pupil = tie_of(family).id, family.pupils[0]
    office, parent = Browser(app).sign_in(a_user("manager")), Browser(app).sign_in(family.user)
    parent.get("bookings.child", pupil_id=pupil.id)
    office.get("office.tie", tie_id=tie_id)
    office.get("office.end_of_tie", tie_id=tie_id)
    office.post("office.end_of_tie", {"reason": ""}, expect=422, tie_id=tie_id)
    office.post("office.end_of_tie", {"reason": "Adopted by others"}, tie_id=tie_id)
    parent.get("bookings.child", pupil_id=pupil.id, expect=404)
    assert "tie_ended" in set(db.session.scalars(select(AuditEntry.action)))


def test_an_account_that_nobody_signs_in_to_has_its_children(app: Flask) -> None:
    a_school()
    first, second, stranger = a_pupil(), a_pupil(), a_pupil()
    for pupil, phone in ((first, "07700 900123"), (second, "07700 900123"), (stranger, "07700 900999")):
        save(Contact(pupil_id=pupil.id, name="Jo Marsh", phone=phone))
    office = Browser(app).sign_in(a_user("manager"))
    page = office.get("office.account_by_hand", pupil_id=first.id)
    assert (second.full_name in page.text, stranger.full_name in page.text) == (True, False)
    office.post(
        "office.account_by_hand",
        {"name": "Marsh", "pupils": [str(first.id), str(second.id)]},
        pupil_id=first.id,
    )
    account = db.session.scalars(select(FamilyAccount)).one()
    assert bookable_ids(account.id, AT.date()) == {first.id, second.id}
    assert [(row.account.name, len(row.children)) for row in accounts("marsh")] == [("Marsh", 2)]
    with pytest.raises(CannotTie), unit_of_work():
        open_account("Again", [first.id], at=AT, by=1)
    with pytest.raises(CannotTie), unit_of_work():
        open_account("Nobody", [], at=AT, by=1)
