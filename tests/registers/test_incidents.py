"""Accidents, near misses and notes: whole or not at all, put right by adding, read by whom they are for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.outbox import OutboxMessage
from booking.core.settings import Settings
from booking.office.background import composers
from booking.people.invitations import tie
from booking.people.models import Pupil, User
from booking.provision.models import Session
from booking.registers.incident_lists import Span, incident_worries, reports_in, unread_accidents
from booking.registers.incident_models import Incident
from booking.registers.incident_reading import (
    NotAllRead,
    accidents_of,
    additions_of,
    has_read,
    last_for_family,
    notes_for,
    say_read,
    unread_of,
)
from booking.registers.incidents import ReportRefused, add_to, hint_of, report
from booking.registers.telling import readers_of
from tests.builders import AT, a_family, a_place, a_pupil, a_school, a_session, a_user
from tests.people.separated import Separated, separated
from tests.registers.reports import a_note, an_incident, what_is_told

MONDAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)
NOT_WHOLE: tuple[dict[str, Any], ...] = (
    {"where": " "},
    {"what": ""},
    {"parts": ()},
    {"parts": ("soul",)},
    {"injuries": ()},
    {"injuries": ("curse",)},
    {"side": "upper"},
    {"first_aid": ""},
    {"first_aid_by": " "},
    {"afterwards": "vanished"},
    {"told": "by pigeon"},
    {"happened_at": AT + HOUR},
    {"happened_at": AT - timedelta(days=32)},
    {"pupil_id": None},
    {"kind": "near_miss", "danger": "dragon"},
    {"kind": "near_miss", "what": ""},
)


class World:
    """Two separated parents of one child, who is in a session with a leader; the letters of bookings are forgotten."""

    def __init__(self) -> None:
        self.separated: Separated = separated()
        self.child: Pupil = self.separated.child
        self.mother, self.father = self.separated.other, self.separated.adult
        self.session: Session = db.session.get_one(Session, self.separated.first_session_id)
        self.leader, self.office = a_user("staff"), a_user("manager")
        with unit_of_work():
            db.session.query(OutboxMessage).delete()

    def letters(self) -> list[OutboxMessage]:
        """What was put into the outbox since, in order."""
        return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


@pytest.fixture
def world(app: Flask) -> World:
    return World()


def test_a_report_that_is_not_whole_is_not_kept(world: World) -> None:
    for values in NOT_WHOLE:
        told = what_is_told(world.session, world.child, **values)
        with pytest.raises(ReportRefused), unit_of_work():
            report(told, at=AT, user_id=world.leader.id)
    assert db.session.query(Incident).count() == 0
    assert world.letters() == []


def test_a_report_is_about_a_child_of_that_session(world: World) -> None:
    stranger = a_pupil()
    with pytest.raises(NotFound):
        an_incident(world.session, stranger, by=world.leader)
    with pytest.raises(NotFound):
        a_note(world.session, stranger, "Quiet", by=world.leader)


def test_an_accident_reaches_every_adult_of_the_child_without_a_word_about_it(
    world: World, settings: Settings
) -> None:
    found = an_incident(world.session, world.child, by=world.leader)
    messages = world.letters()
    assert {one.user_id for one in messages} == {world.mother.id, world.father.id}
    write = composers(settings)["to_read"]
    with time_machine.travel(AT, tick=False):
        for message in messages:
            letter = write({**message.context, "to_user_id": message.user_id})
            assert letter is not None
            words = f"{letter.subject} {letter.text} {letter.attachments}".casefold()
            assert "read and sign" in words
            assert "/children/to-read" in words
            for secret in (
                "kittiwake",
                "quillfeather",
                "accident",
                "head",
                "climbing",
                "cold pack",
                "playground",
            ):
                assert secret not in words
    assert accidents_of(world.mother, MONDAY) == accidents_of(world.father, MONDAY) == [found]


def test_a_near_miss_goes_to_the_office_alone(world: World) -> None:
    an_incident(world.session, world.child, by=world.leader, kind="near_miss")
    an_incident(world.session, None, by=world.leader, kind="near_miss")
    assert world.letters() == []
    assert accidents_of(world.mother, MONDAY) == []
    listed = reports_in(Span(MONDAY, MONDAY), kind="", closed=(), on=MONDAY)
    assert [one.reading_words for one in listed] == ["For the office alone"] * 2


def test_a_restricted_adult_is_not_told_reads_nothing_and_gets_no_letter_that_waits(
    world: World, settings: Settings
) -> None:
    first = an_incident(world.session, world.child, by=world.leader)
    world.separated.restrict()
    an_incident(world.session, world.child, by=world.leader)
    waiting = [one for one in world.letters() if one.user_id == world.father.id]
    assert len(waiting) == 1, "nothing is written to him from then on"
    write = composers(settings)["to_read"]
    with time_machine.travel(AT, tick=False):
        assert write({**waiting[0].context, "to_user_id": world.father.id}) is None
        assert write({**waiting[0].context, "to_user_id": world.mother.id}) is not None
    father = db.session.get_one(User, world.father.id)
    assert (accidents_of(father, MONDAY), notes_for(father, MONDAY, since=AT)) == ([], [])
    with pytest.raises(NotFound), unit_of_work():
        say_read(first.id, father, seen=0, at=AT, on=MONDAY)
    assert [user.id for user in readers_of([world.child.id], MONDAY)[world.child.id]] == [world.mother.id]


def test_a_letter_is_void_once_it_was_read_or_somebody_left(world: World, settings: Settings) -> None:
    found = an_incident(world.session, world.child, by=world.leader)
    context = {"pupil_id": world.child.id, "incident_id": found.id}
    write = composers(settings)["to_read"]
    with unit_of_work():
        say_read(found.id, db.session.merge(world.mother), seen=0, at=AT, on=MONDAY)
        db.session.get_one(User, world.father.id).active = False
    with time_machine.travel(AT, tick=False):
        assert write({**context, "to_user_id": world.mother.id}) is None
        assert write({**context, "to_user_id": world.father.id}) is None
        assert write({**context, "to_user_id": a_user("parent").id}) is None


def test_a_yes_is_to_what_stood_there_and_a_correction_asks_again(world: World) -> None:
    found = an_incident(world.session, world.child, by=world.leader)
    assert unread_of(world.mother, MONDAY) == [found]
    with unit_of_work():
        say_read(found.id, db.session.merge(world.mother), seen=0, at=AT, on=MONDAY)
        say_read(found.id, db.session.merge(world.mother), seen=0, at=AT, on=MONDAY)
    assert (unread_of(world.mother, MONDAY), unread_of(world.father, MONDAY)) == ([], [found])
    with unit_of_work():
        add_to(found.id, "office", "Ring them on Monday", at=AT + HOUR, user_id=world.office.id)
    assert has_read(found, world.mother.id), "a note for the office asks nobody again"
    with unit_of_work():
        added = add_to(
            found.id, "correction", "It was the left knee", at=AT + 2 * HOUR, user_id=world.leader.id
        )
    assert unread_of(world.mother, MONDAY) == [found]
    assert [one.user_id for one in world.letters()].count(world.mother.id) == 2
    with pytest.raises(NotAllRead), unit_of_work():
        say_read(found.id, db.session.merge(world.mother), seen=0, at=AT + 3 * HOUR, on=MONDAY)
    assert last_for_family(additions_of([found.id])[found.id]) == added.id
    with unit_of_work():
        say_read(found.id, db.session.merge(world.mother), seen=added.id, at=AT + 3 * HOUR, on=MONDAY)
    assert has_read(found, world.mother.id)


def test_the_database_refuses_to_change_what_was_reported(world: World) -> None:
    found = an_incident(world.session, world.child, by=world.leader, happened_at=AT - HOUR)
    with unit_of_work():
        add_to(found.id, "correction", "The left knee", at=AT, user_id=world.leader.id)
        say_read(found.id, db.session.merge(world.mother), seen=1, at=AT, on=MONDAY)
    for change in (
        "incident SET happened_at = reported_at",
        "incident SET pupil_id = NULL",
        "incident SET keep_until = keep_until",
        "incident_addition SET kind = 'office'",
        "incident_reading SET user_id = user_id",
    ):
        with pytest.raises((IntegrityError, DBAPIError), match="never changed"), unit_of_work():
            db.session.execute(text(f"UPDATE {change}"))


def test_words_can_be_sealed_with_another_key_all_the_same(world: World) -> None:
    found = an_incident(world.session, world.child, by=world.leader)
    with unit_of_work():
        db.session.get_one(Incident, found.id).seal_afresh()
    assert db.session.get_one(Incident, found.id).what == "Fell from the climbing frame"


def test_what_is_told_stands_sealed(world: World) -> None:
    found = an_incident(world.session, world.child, by=world.leader)
    a_note(world.session, world.child, "Fell asleep on the bench", by=world.leader)
    with unit_of_work():
        add_to(found.id, "follow_up", "Plaster came off", at=AT, user_id=world.leader.id)
    for table in ("incident", "incident_addition", "child_note"):
        row = db.session.execute(text(f"SELECT * FROM {table}")).one()
        for word in ("Fell", "head", "bump", "Plaster", "Cold", "Playground"):
            assert not any(word in str(value) for value in row), table


def test_a_note_is_for_staff_unless_it_says_so(world: World) -> None:
    a_note(world.session, world.child, "Quiet today", by=world.leader)
    assert (notes_for(world.mother, MONDAY, since=AT - HOUR), world.letters()) == ([], [])
    told = a_note(world.session, world.child, "Lost a tooth!", by=world.leader, for_family=True)
    assert notes_for(world.mother, MONDAY, since=AT - HOUR) == [told]
    assert len(world.letters()) == 2
    with pytest.raises(ReportRefused):
        a_note(world.session, world.child, "  ", by=world.leader)


def test_the_hint_stands_until_the_office_has_decided(world: World) -> None:
    plain = an_incident(world.session, world.child, by=world.leader)
    found = an_incident(world.session, world.child, by=world.leader, afterwards="hospital")
    miss = an_incident(world.session, None, by=world.leader, kind="near_miss", danger="gas")
    assert [bool(hint_of(one)) for one in (plain, found, miss)] == [False, True, True]
    assert incident_worries(AT).riddor == 2
    with pytest.raises(ReportRefused, match="RIDDOR"), unit_of_work():
        add_to(plain.id, "riddor_not", "No", at=AT, user_id=world.office.id)
    with unit_of_work():
        add_to(found.id, "riddor_told", "Reference 123", at=AT, user_id=world.office.id)
        add_to(miss.id, "riddor_not", "The valve was shut", at=AT, user_id=world.office.id)
    assert [hint_of(one) for one in (found, miss)] == ["", ""]
    assert incident_worries(AT).riddor == 0


def test_an_accident_that_nobody_read_for_a_day_worries_the_office(world: World) -> None:
    found = an_incident(world.session, world.child, by=world.leader)
    later = AT + timedelta(hours=24)
    assert unread_accidents(later - timedelta(seconds=1)) == []
    assert unread_accidents(later) == [found]
    with unit_of_work():
        say_read(found.id, db.session.merge(world.father), seen=0, at=AT, on=MONDAY)
    assert unread_accidents(later) == []


def test_a_family_that_reads_nothing_online_gets_it_on_paper(app: Flask) -> None:
    a_school()
    pupil, leader, session = a_pupil(), a_user("staff"), a_session(MONDAY)
    parent = a_user("parent", active=False)
    with unit_of_work():
        tie(parent, pupil, relationship_name="parent", responsibility="yes", at=AT)
    family = a_family()
    a_place(family, session, pupil=pupil, price_pence=0)
    an_incident(session, pupil, by=leader)
    (listed,) = reports_in(Span(MONDAY, MONDAY), kind="accident", closed=(), on=MONDAY)
    assert listed.reading_words == "Nobody reads online: hand over the paper"
    assert unread_accidents(AT + timedelta(days=2)) == []
