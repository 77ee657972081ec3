"""The order in which those who wait are asked, by the rule that the school has published; ties go by time of joining."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Subquery, select
from sqlalchemy.orm import aliased

from booking.bookings.models import Place, WaitingEntry
from booking.bookings.policy import Policy
from booking.bookings.rules import LIVE
from booking.core import clock
from booking.core.db import db
from booking.people.models import Guardianship, account_pupil
from booking.provision.models import Activity, Period, Run, Session


def in_order(entries: Collection[WaitingEntry], policy: Policy, at: datetime) -> list[WaitingEntry]:
    """The entries, first to be asked first; two queries at most. Only what the published rule names is read."""
    first: set[int] = set()
    if policy.waiting_order == "siblings_first":
        first = _with_a_sibling(entries)
    elif policy.waiting_order == "nothing_first":
        first = _with_nothing(entries, at)
    return sorted(entries, key=lambda e: (e.id not in first, e.joined_at, e.id))


def _with_a_sibling(entries: Collection[WaitingEntry]) -> set[int]:
    """Entries whose child shares an adult, or an account, with another child who has a place in the same session."""
    pairs = sibling_ties({entry.pupil_id for entry in entries})
    rows = db.session.execute(
        select(pairs.c.pupil_id, Place.session_id)
        .join(Place, Place.pupil_id == pairs.c.sibling_id)
        .where(Place.state == "booked", Place.session_id.in_({entry.session_id for entry in entries}))
    )
    has = {(row.pupil_id, row.session_id) for row in rows}
    return {entry.id for entry in entries if (entry.pupil_id, entry.session_id) in has}


def sibling_ties(pupil_ids: Collection[int]) -> Subquery:
    """Each of these children (`pupil_id`) with every child that shares an adult or an account with it (`sibling_id`)."""
    mine, theirs = aliased(Guardianship), aliased(Guardianship)
    ours, other = aliased(account_pupil), aliased(account_pupil)
    by_adult = select(mine.pupil_id, theirs.pupil_id.label("sibling_id")).join(
        theirs, (theirs.user_id == mine.user_id) & (theirs.pupil_id != mine.pupil_id)
    )
    by_account = select(ours.c.pupil_id, other.c.pupil_id.label("sibling_id")).join(
        other, (other.c.account_id == ours.c.account_id) & (other.c.pupil_id != ours.c.pupil_id)
    )
    return (
        by_adult.where(mine.pupil_id.in_(pupil_ids))
        .union(by_account.where(ours.c.pupil_id.in_(pupil_ids)))
        .subquery()
    )


def _with_nothing(entries: Sequence[WaitingEntry] | Collection[WaitingEntry], at: datetime) -> set[int]:
    """Entries whose child has no place in any club of this half-term."""
    today = clock.today(at)
    rows = db.session.scalars(
        select(Place.pupil_id)
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .join(Period, (Period.starts_on <= Session.date) & (Period.ends_on >= Session.date))
        .where(
            Place.pupil_id.in_({entry.pupil_id for entry in entries}),
            Place.state.in_(LIVE),
            Activity.kind == "club",
            Period.kind == "half_term",
            Period.ends_on >= today,
            Period.starts_on <= today,
        )
    )
    busy = set(rows)
    return {entry.id for entry in entries if entry.pupil_id not in busy}
