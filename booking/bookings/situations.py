"""Reads what the rules need of children and sessions, in a constant number of queries whatever their number."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal, select, union_all

from booking.bookings.models import CapacityOverride, Place, WaitingEntry
from booking.bookings.policy import BookingRules
from booking.bookings.rules import LIVE, Block, Busy, SessionFacts, Situation
from booking.core.db import db
from booking.ledger.models import EntryLine, LedgerAccount
from booking.people.models import Consent, Pupil
from booking.provision.models import Activity, Room, Run, Session


def load_situation(
    pupil_ids: Collection[int],
    session_ids: Collection[int],
    at: datetime,
    *,
    account_ids: Collection[int] = (),
) -> Situation:
    """Read what the rules need of these sessions; with accounts, also what they owe."""
    return situation_where(pupil_ids, Session.id.in_(session_ids), at, account_ids=account_ids)


def situation_where(
    pupil_ids: Collection[int],
    condition: ColumnElement[bool],
    at: datetime,
    *,
    account_ids: Collection[int] = (),
) -> Situation:
    """The same for every session that meets a condition: four queries, and one each where consents or blocks matter."""
    sessions = {row.id: _facts(row) for row in _session_rows(condition)}
    pupils = {p.id: p for p in db.session.scalars(select(Pupil).where(Pupil.id.in_(pupil_ids)))}
    situation = Situation(at, sessions, pupils)
    _count(situation, account_ids)
    if pupil_ids:
        _read_busy(situation, pupil_ids)
    if any(facts.needs_consent for facts in sessions.values()):
        rows = db.session.execute(
            select(Consent.pupil_id, Consent.kind).where(
                Consent.pupil_id.in_(pupil_ids), Consent.withdrawn_at.is_(None)
            )
        )
        situation.consents = {(row.pupil_id, row.kind) for row in rows}
    situation.blocks = _blocks({facts.run_id for facts in sessions.values() if facts.sold_as != "session"})
    return situation


def _read_busy(situation: Situation, pupil_ids: Collection[int]) -> None:
    """What these children have already on the days in question."""
    rows = db.session.execute(
        select(
            Place.pupil_id,
            Place.session_id,
            Place.account_id,
            Session.date,
            Session.starts_at,
            Session.ends_at,
            Activity.name,
            Room.id.label("room_id"),
            Room.minutes_away,
        )
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .join(Room, Room.id == Run.room_id)
        .where(Place.pupil_id.in_(pupil_ids), Place.state.in_(LIVE))
        .where(Session.date.in_({facts.date for facts in situation.sessions.values()}))
    )
    for row in rows:
        busy = Busy(
            row.session_id,
            row.starts_at,
            row.ends_at,
            row.name,
            row.account_id,
            row.room_id,
            row.minutes_away,
        )
        situation.busy[row.pupil_id, row.date].append(busy)


def _count(situation: Situation, account_ids: Collection[int]) -> None:
    """Live places, extra places and waiting children of every session, the school's rules and debts, in one query."""
    ids = list(situation.sessions)
    live = select(literal("live"), Place.session_id, func.count()).where(
        Place.session_id.in_(ids), Place.state.in_(LIVE)
    )
    extra = select(literal("extra"), CapacityOverride.session_id, func.sum(CapacityOverride.extra)).where(
        CapacityOverride.session_id.in_(ids)
    )
    waiting = select(literal("waiting"), WaitingEntry.session_id, func.count()).where(
        WaitingEntry.session_id.in_(ids), WaitingEntry.state == "waiting", WaitingEntry.fits
    )
    parts: list[Select[Any, Any, Any]] = [
        live.group_by(Place.session_id),
        extra.group_by(CapacityOverride.session_id),
        waiting.group_by(WaitingEntry.session_id),
        select(literal("list_ends"), BookingRules.id, BookingRules.list_ends_hours),
    ]
    if account_ids:
        owed = (
            select(literal("owed"), LedgerAccount.family_account_id, func.sum(EntryLine.amount_pence))
            .join(EntryLine, EntryLine.account_id == LedgerAccount.id)
            .where(LedgerAccount.family_account_id.in_(account_ids))
            .where(select(BookingRules.id).where(BookingRules.arrears_limit_pence.is_not(None)).exists())
        )
        parts.append(owed.group_by(LedgerAccount.family_account_id))
        parts.append(select(literal("limit"), BookingRules.id, BookingRules.arrears_limit_pence))
    for what, key, number in db.session.execute(union_all(*parts)):
        situation.count(what, key, number)


def _blocks(run_ids: set[int]) -> dict[int, Block]:
    """The runs that are sold as a whole, with all of their sessions that are not called off."""
    if not run_ids:
        return {}
    rows = db.session.execute(
        select(Run.id, Run.block_pence, Session.id.label("session_id"), Session.date)
        .join(Session, Session.run_id == Run.id)
        .where(Run.id.in_(run_ids), Session.status == "planned")
        .order_by(Run.id, Session.date, Session.id)
    )
    found: dict[int, Block] = {}
    for row in rows:
        found.setdefault(row.id, Block(row.block_pence or 0, {})).days[row.session_id] = row.date
    return found


def _session_rows(condition: ColumnElement[bool]) -> Iterable[Row]:
    return db.session.execute(
        select(
            Session.id,
            Session.run_id,
            Session.date,
            Session.starts_at,
            Session.ends_at,
            Session.capacity,
            Session.status,
            Run.status.label("run_status"),
            Run.price_pence,
            Run.year_groups,
            Run.opens_at,
            Run.closes_days_before,
            Run.closes_at,
            Run.sold_as,
            Run.needs_consent,
            Activity.id.label("activity_id"),
            Activity.name.label("activity"),
            Activity.kind,
            Activity.seller_id,
            Activity.is_free_slot,
            Room.id.label("room_id"),
            Room.minutes_away,
        )
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .join(Room, Room.id == Run.room_id)
        .where(condition)
    )


def _facts(row: Row) -> SessionFacts:
    values = dict(row._mapping)
    values["year_groups"] = tuple(values["year_groups"])
    return SessionFacts(**values)
