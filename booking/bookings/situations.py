"""Reads what the rules need of children and sessions, in a constant number of queries whatever their number.

The statements stand ready: building one costs more than running it, and all of this happens under the locks.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Row, Select, bindparam, func, literal, select, union_all

from booking.bookings.early_rule import read_early
from booking.bookings.models import CapacityOverride, Place, WaitingEntry
from booking.bookings.policy import BookingRules
from booking.bookings.rules import LIVE, Block, Busy, PupilFacts, SessionFacts, Situation
from booking.core.db import read_rows, table_of
from booking.ledger.models import EntryLine, LedgerAccount
from booking.people.models import Consent, Pupil
from booking.provision.models import Activity, Room, Run, Session

session, run, activity, room = (table_of(model).c for model in (Session, Run, Activity, Room))
place, override, waiting = (table_of(model).c for model in (Place, CapacityOverride, WaitingEntry))
rules, ledger, line = (table_of(model).c for model in (BookingRules, LedgerAccount, EntryLine))
pupil, consent = (table_of(model).c for model in (Pupil, Consent))
IDS: BindParameter[Any] = bindparam("ids", expanding=True)
PUPILS: BindParameter[Any] = bindparam("pupils", expanding=True)
DAYS: BindParameter[Any] = bindparam("days", expanding=True)
ACCOUNTS: BindParameter[Any] = bindparam("accounts", expanding=True)
NOW: BindParameter[Any] = bindparam("now")
JOINED = (
    table_of(Session)
    .join(table_of(Run), run.id == session.run_id)
    .join(table_of(Activity), activity.id == run.activity_id)
    .join(table_of(Room), room.id == run.room_id)
)
FACTS = select(
    session.id,
    session.run_id,
    session.date,
    session.starts_at,
    session.ends_at,
    session.capacity,
    session.status,
    run.status.label("run_status"),
    run.price_pence,
    run.year_groups,
    run.opens_at,
    run.closes_days_before,
    run.closes_at,
    run.sold_as,
    run.needs_consent,
    run.in_round,
    activity.id.label("activity_id"),
    activity.name.label("activity"),
    activity.kind,
    activity.seller_id,
    activity.is_free_slot,
    room.id.label("room_id"),
    room.minutes_away,
).select_from(JOINED)
FACTS_BY_ID = FACTS.where(session.id.in_(IDS))
BUSY = (
    select(
        place.pupil_id,
        place.session_id,
        place.account_id,
        session.date,
        session.starts_at,
        session.ends_at,
        activity.name,
        room.id.label("room_id"),
        room.minutes_away,
    )
    .select_from(table_of(Place).join(JOINED, session.id == place.session_id))
    .where(place.pupil_id.in_(PUPILS), place.state.in_(LIVE), session.date.in_(DAYS))
)
CONSENTS = select(consent.pupil_id, consent.kind).where(
    consent.pupil_id.in_(PUPILS), consent.withdrawn_at.is_(None)
)
BLOCKS = (
    select(run.id, run.block_pence, session.id.label("session_id"), session.date)
    .select_from(table_of(Run).join(table_of(Session), session.run_id == run.id))
    .where(run.id.in_(IDS), session.status == "planned")
    .order_by(run.id, session.date, session.id)
)
PUPILS_BY_ID = select(
    pupil.id,
    func.coalesce(func.nullif(pupil.preferred_name, ""), pupil.forename).label("first_name"),
    pupil.year_group,
    pupil.status,
    pupil.joined_on,
    pupil.left_on,
).where(pupil.id.in_(PUPILS))


def _counts() -> list[Select[Any]]:
    """Live, overdue and extra places and waiting children by session, and the school's rules."""
    live = select(literal("live"), place.session_id, func.count()).where(
        place.session_id.in_(IDS), place.state.in_(LIVE)
    )
    overdue = select(literal("overdue"), place.session_id, func.count()).where(
        place.session_id.in_(IDS), place.state == "held", place.held_until <= NOW
    )
    extra = select(literal("extra"), override.session_id, func.sum(override.extra)).where(
        override.session_id.in_(IDS)
    )
    on_lists = select(literal("waiting"), waiting.session_id, func.count()).where(
        waiting.session_id.in_(IDS), waiting.state == "waiting", waiting.fits
    )
    return [
        live.group_by(place.session_id),
        overdue.group_by(place.session_id),
        extra.group_by(override.session_id),
        on_lists.group_by(waiting.session_id),
        select(literal("list_ends"), rules.id, rules.list_ends_hours),
    ]


def _debts() -> list[Select[Any]]:
    """What accounts owe, where the school has a limit; without one nothing is summed."""
    owed = (
        select(literal("owed"), ledger.family_account_id, func.sum(line.amount_pence))
        .select_from(table_of(LedgerAccount).join(table_of(EntryLine), line.account_id == ledger.id))
        .where(ledger.family_account_id.in_(ACCOUNTS))
        .where(select(rules.id).where(rules.arrears_limit_pence.is_not(None)).exists())
        .group_by(ledger.family_account_id)
    )
    return [owed, select(literal("limit"), rules.id, rules.arrears_limit_pence)]


COUNTS = union_all(*_counts())
COUNTS_AND_DEBTS = union_all(*_counts(), *_debts())


def load_situation(
    pupil_ids: Collection[int],
    session_ids: Collection[int],
    at: datetime,
    *,
    account_ids: Collection[int] = (),
) -> Situation:
    """Read what the rules need of these sessions; with accounts, also what they owe."""
    rows = read_rows(FACTS_BY_ID, ids=list(session_ids)) if session_ids else []
    return _situation(rows, pupil_ids, at, account_ids)


def situation_where(
    pupil_ids: Collection[int],
    condition: ColumnElement[bool],
    at: datetime,
    *,
    account_ids: Collection[int] = (),
) -> Situation:
    """The same for every session that meets a condition: four queries, and one each for consents, links or blocks."""
    return _situation(read_rows(FACTS.where(condition)), pupil_ids, at, account_ids)


def _situation(
    rows: Collection[Row[Any]], pupil_ids: Collection[int], at: datetime, account_ids: Collection[int]
) -> Situation:
    sessions = {row.id: _facts(row) for row in rows}
    children = list(pupil_ids)
    pupils = {row.id: PupilFacts(**row._mapping) for row in read_rows(PUPILS_BY_ID, pupils=children)}
    situation = Situation(at, sessions, pupils)
    _count(situation, account_ids)
    if children:
        _read_busy(situation, children)
    if any(facts.needs_consent for facts in sessions.values()):
        rows = read_rows(CONSENTS, pupils=children)
        situation.consents = {(row.pupil_id, row.kind) for row in rows}
    not_open = {facts.run_id for facts in sessions.values() if at < facts.opens_at}
    if children and not_open:
        situation.early = read_early(not_open, children)
    situation.blocks = _blocks({facts.run_id for facts in sessions.values() if facts.sold_as != "session"})
    return situation


def _read_busy(situation: Situation, pupil_ids: list[int]) -> None:
    """What these children have already on the days in question."""
    days = {facts.date for facts in situation.sessions.values()}
    for row in read_rows(BUSY, pupils=pupil_ids, days=list(days)):
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
    values: dict[str, Any] = {"ids": list(situation.sessions), "now": situation.at}
    statement = COUNTS
    if account_ids:
        statement, values["accounts"] = COUNTS_AND_DEBTS, list(account_ids)
    for what, key, number in map(tuple, read_rows(statement, **values)):
        situation.count(what, key, number)


def _blocks(run_ids: set[int]) -> dict[int, Block]:
    """The runs that are sold as a whole, with all of their sessions that are not called off."""
    found: dict[int, Block] = {}
    for row in read_rows(BLOCKS, ids=list(run_ids)) if run_ids else []:
        found.setdefault(row.id, Block(row.block_pence or 0, {})).days[row.session_id] = row.date
    return found


def _facts(row: Row[Any]) -> SessionFacts:
    values = dict(row._mapping)
    values["year_groups"] = tuple(values["year_groups"])
    return SessionFacts(**values)
