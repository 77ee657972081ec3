"""Who saw what is only ever added to, and whatever is changed after it was sealed is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from booking.core.access_log import (
    CARE,
    GROUPS,
    AccessEntry,
    access_problems,
    drop_month,
    note_access,
    seal_access,
)
from booking.core.chain import ChainDropped, ChainSeal
from booking.core.db import db, unit_of_work
from tests.builders import AT

LATER = AT + timedelta(minutes=10)


def look(*pupil_ids: int, at: datetime = AT) -> None:
    with unit_of_work():
        note_access(pupil_ids, [GROUPS, CARE], act="view", reason="office", at=at, user_id=7)


def seal(at: datetime = LATER) -> int:
    with unit_of_work():
        return seal_access(at)


def without_guards() -> None:
    """What somebody with the database in their hands would do first."""
    if db.engine.dialect.name == "sqlite":
        db.session.execute(text("DROP TRIGGER access_entry_no_update"))
        db.session.execute(text("DROP TRIGGER access_entry_no_delete"))
    else:
        db.session.execute(text("ALTER TABLE access_entry DISABLE TRIGGER access_entry_is_kept"))


@pytest.fixture
def guards(app: Flask):  # type: ignore[no-untyped-def]
    """Puts the triggers back after a test that took them away."""
    kept = []
    if db.engine.dialect.name == "sqlite":
        kept = (
            db.session.execute(
                text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'access_entry'")
            )
            .scalars()
            .all()
        )
    yield
    with unit_of_work() as session:
        session.execute(select(AccessEntry.id))  # so that this connection knows that the triggers are gone
        for statement in kept:
            session.execute(text(statement))
        if db.engine.dialect.name != "sqlite":
            session.execute(text("ALTER TABLE access_entry ENABLE TRIGGER access_entry_is_kept"))


def test_a_row_for_each_child_with_ids_alone(app: Flask) -> None:
    look(3, 1, 3)
    rows = db.session.scalars(select(AccessEntry).order_by(AccessEntry.pupil_id)).all()
    assert [(row.pupil_id, row.fields, row.act, row.month, row.user_id) for row in rows] == [
        (1, "care,groups", "view", "2026-11", 7),
        (3, "care,groups", "view", "2026-11", 7),
    ]


def test_the_month_is_the_schools(app: Flask) -> None:
    look(1, at=datetime(2026, 6, 30, 23, 30, tzinfo=UTC))
    assert db.session.scalars(select(AccessEntry.month)).one() == "2026-07"


def test_the_database_refuses_to_change_or_delete_a_row(app: Flask) -> None:
    look(1)
    for statement in (update(AccessEntry).values(pupil_id=2), delete(AccessEntry)):
        with pytest.raises(DatabaseError, match="only ever added to"), unit_of_work() as session:
            session.execute(statement)
    assert db.session.scalars(select(AccessEntry.pupil_id)).one() == 1


def test_what_is_young_waits_and_the_rest_is_sealed_once(app: Flask) -> None:
    look(1, 2)
    assert seal(AT + timedelta(minutes=1)) == 0
    assert seal() == 2
    assert seal() == 0
    look(3, at=LATER)
    assert seal(LATER + timedelta(minutes=10)) == 1
    seals = db.session.scalars(select(ChainSeal).order_by(ChainSeal.number)).all()
    assert [(one.chain, one.number, one.rows) for one in seals] == [
        ("access 2026-11", 1, 2),
        ("access 2026-11", 2, 1),
    ]
    assert seals[1].previous == seals[0].digest
    assert list(access_problems()) == []


FORGERIES = {
    "changed": update(AccessEntry).where(AccessEntry.pupil_id == 2).values(user_id=8),
    "taken away": delete(AccessEntry).where(AccessEntry.pupil_id == 2),
    "all of them": delete(AccessEntry),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_found(app: Flask, guards: None, forgery: str) -> None:
    look(1, 2, 3)
    seal()
    with unit_of_work() as session:
        without_guards()
        session.execute(FORGERIES[forgery])
    assert list(access_problems()) == [
        "chain access 2026-11: rows 1 to 3 were changed after they were sealed"
    ]


def test_a_row_put_in_afterwards_is_found(app: Flask, guards: None) -> None:
    look(1, 2)
    with unit_of_work() as session:
        without_guards()
        session.execute(delete(AccessEntry).where(AccessEntry.pupil_id == 1))
    seal()
    row = {
        "id": 1,
        "at": AT,
        "month": "2026-11",
        "act": "view",
        "pupil_id": 9,
        "fields": "care",
        "reason": "office",
    }
    with unit_of_work() as session:
        session.execute(insert(AccessEntry), [row])
    assert list(access_problems()) == [
        "chain access 2026-11: rows 2 to 2 were changed after they were sealed"
    ]


def test_a_seal_made_afresh_does_not_fit_the_next_one(app: Flask) -> None:
    look(1)
    seal()
    look(2, at=LATER)
    seal(LATER + timedelta(minutes=10))
    with unit_of_work() as session:
        session.execute(update(ChainSeal).where(ChainSeal.number == 1).values(digest="0" * 64))
    assert len(list(access_problems())) == 2


def test_retention_drops_a_month_whole_and_leaves_a_line(app: Flask) -> None:
    look(1, 2)
    look(3, at=AT + timedelta(days=20))
    seal(AT + timedelta(days=21))
    with unit_of_work():
        assert drop_month("2026-11", at=AT, user_id=5) == 2
    assert db.session.scalar(select(func.count()).select_from(AccessEntry)) == 1
    assert db.session.scalars(select(ChainDropped)).one().rows == 2
    assert list(access_problems()) == []
