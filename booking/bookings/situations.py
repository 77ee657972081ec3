"""Reads what the rules need of children and sessions, in a constant number of queries whatever their number.

The statements stand ready: building one costs more than running it, and all of this happens under the locks.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Label,
    Row,
    Select,
    bindparam,
    func,
    literal_column,
    select,
)

from booking.bookings.early_rule import read_early
from booking.bookings.models import CapacityOverride, Place, WaitingEntry
from booking.bookings.policy import BookingRules
from booking.bookings.rules import LIVE, Block, Busy, PupilFacts, SessionFacts, Situation
from booking.core import clock
from booking.core.db import read_rows, table_of
from booking.ledger.arrears import may_book_above_limit
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
RUNS: BindParameter[Any] = bindparam("runs", expanding=True)
IS_LIVE = place.state.in_([literal_column(f"'{state}'") for state in LIVE])
JOINED = (
    table_of(Session)
    .join(table_of(Run), run.id == session.run_id)
    .join(table_of(Activity), activity.id == run.activity_id)
    .join(table_of(Room), room.id == run.room_id)
)
FACTS = (
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
)
FACT_NAMES = tuple(SessionFacts.__dataclass_fields__)


def _counts() -> list[Label[Any]]:
    """Of each session: live places, extra ones, and children who wait and could come."""
    live = select(func.count()).where(place.session_id == session.id, IS_LIVE)
    extra = select(func.sum(override.extra)).where(override.session_id == session.id)
    listed = select(func.count()).where(
        waiting.session_id == session.id, waiting.state == literal_column("'waiting'"), waiting.fits
    )
    found = {"live": live, "extra": extra, "waiting": listed}
    return [query.scalar_subquery().label(name) for name, query in found.items()]


def _school() -> list[Label[Any]]:
    """The school's rules; whether any hold is overdue; what one account owes, summed only where there is a limit."""
    overdue = select(place.id).where(
        place.state == literal_column("'held'"), place.held_until <= bindparam("now")
    )
    list_ends = select(rules.list_ends_hours).scalar_subquery()
    limit = select(rules.arrears_limit_pence).scalar_subquery()
    owed = (
        select(func.sum(line.amount_pence))
        .select_from(table_of(LedgerAccount).join(table_of(EntryLine), line.account_id == ledger.id))
        .where(ledger.family_account_id == bindparam("account"), limit.is_not(None))
    )
    found = {"list_ends": list_ends, "limit": limit, "owed": owed.scalar_subquery()}
    return [overdue.exists().label("has_overdue"), *(one.label(name) for name, one in found.items())]


SESSIONS = select(*FACTS, *_counts(), *_school()).select_from(JOINED)
SESSIONS_BY_ID = SESSIONS.where(session.id.in_(IDS))
CHILDREN = select(
    pupil.id,
    func.coalesce(func.nullif(pupil.preferred_name, literal_column("''")), pupil.forename).label(
        "first_name"
    ),
    pupil.year_group,
    pupil.status,
    pupil.joined_on,
    pupil.left_on,
).where(pupil.id.in_(PUPILS))
BUSY = (
    select(
        place.pupil_id,
        place.session_id,
        place.account_id,
        place.basket_id,
        session.date,
        session.starts_at,
        session.ends_at,
        activity.name,
        room.id.label("room_id"),
        room.minutes_away,
    )
    .select_from(table_of(Place).join(JOINED, session.id == place.session_id))
    .where(place.pupil_id.in_(PUPILS), IS_LIVE, session.date.in_(DAYS))
)
CONSENTS = select(consent.pupil_id, consent.kind).where(
    consent.pupil_id.in_(PUPILS), consent.withdrawn_at.is_(None)
)
BLOCKS = (
    select(run.id, run.block_pence, session.id.label("session_id"), session.date)
    .select_from(table_of(Run).join(table_of(Session), session.run_id == run.id))
    .where(run.id.in_(RUNS), session.status == literal_column("'planned'"))
    .order_by(run.id, session.date, session.id)
)


def load_situation(
    pupil_ids: Collection[int], session_ids: Collection[int], at: datetime, *, account_id: int | None = None
) -> Situation:
    """Read what the rules need of these sessions and children; with an account, also what it owes."""
    return _situation(SESSIONS_BY_ID, pupil_ids, at, account_id, ids=session_ids)


def situation_where(
    pupil_ids: Collection[int],
    condition: ColumnElement[bool],
    at: datetime,
    *,
    account_id: int | None = None,
) -> Situation:
    """The same for every session that meets a condition: three queries, and one each for consents, links or blocks."""
    return _situation(SESSIONS.where(condition), pupil_ids, at, account_id)


def _situation(
    query: Select[Any], pupil_ids: Collection[int], at: datetime, account_id: int | None, **values: Any
) -> Situation:
    rows = read_rows(query, now=at, account=account_id, **values)
    situation = Situation(at, {row.id: _facts(row) for row in rows}, {})
    for row in rows:
        situation.live[row.id], situation.extra[row.id] = row.live, row.extra or 0
        situation.waiting[row.id] = row.waiting
    if rows:
        of_school = rows[0]
        situation.has_overdue, situation.arrears_limit_pence = of_school.has_overdue, of_school.limit
        if of_school.list_ends is not None:
            situation.list_ends_hours = of_school.list_ends
        if account_id is not None:
            situation.owed[account_id] = of_school.owed or 0
            if of_school.limit is not None and situation.owed[account_id] > of_school.limit:
                _let_past_the_limit(situation, account_id)
    if pupil_ids:
        _read_children(situation, pupil_ids)
    if any(facts.needs_consent for facts in situation.sessions.values()):
        given = read_rows(CONSENTS, pupils=pupil_ids)
        situation.consents = {(row.pupil_id, row.kind) for row in given}
    not_open = {one.run_id for one in situation.sessions.values() if at < one.opens_at}
    if pupil_ids and not_open:
        situation.early = read_early(not_open, list(pupil_ids))
    situation.blocks = _blocks(
        {one.run_id for one in situation.sessions.values() if one.sold_as != "session"}
    )
    return situation


def _let_past_the_limit(situation: Situation, account_id: int) -> None:
    """No limit for a family that the office let through, or that keeps its plan; asked only of those above it."""
    if may_book_above_limit(account_id, clock.today(situation.at)):
        situation.arrears_limit_pence = None


def _read_children(situation: Situation, pupil_ids: Collection[int]) -> None:
    """Who the children are, and what they have already on the days in question."""
    days = {facts.date for facts in situation.sessions.values()}
    for row in read_rows(CHILDREN, pupils=pupil_ids):
        situation.pupils[row.id] = PupilFacts(**row._mapping)
    for row in read_rows(BUSY, pupils=pupil_ids, days=days):
        busy = Busy(
            row.session_id,
            row.starts_at,
            row.ends_at,
            row.name,
            row.account_id,
            row.room_id,
            row.minutes_away,
            row.basket_id,
        )
        situation.busy[row.pupil_id, row.date].append(busy)


def _blocks(run_ids: set[int]) -> dict[int, Block]:
    """The runs that are sold as a whole, with all of their sessions that are not called off."""
    found: dict[int, Block] = {}
    for row in read_rows(BLOCKS, runs=run_ids) if run_ids else []:
        found.setdefault(row.id, Block(row.block_pence or 0, {})).days[row.session_id] = row.date
    return found


def _facts(row: Row[Any]) -> SessionFacts:
    values = dict(zip(FACT_NAMES, row, strict=False))
    values["year_groups"] = tuple(values["year_groups"])
    return SessionFacts(**values)
