"""Who comes in by the grounds of an early window: by entitlement, or because they or a sibling come to the clubs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from booking.bookings.models import Place
from booking.bookings.order import sibling_ties
from booking.bookings.rounds import CRITERIA, entitled_grounds
from booking.bookings.rules import LIVE
from booking.bookings.years import year_group_on
from booking.core import clock
from booking.core.db import db
from booking.people.models import Guardianship, Pupil, account_member, account_pupil
from booking.people.restrictions import closed_pairs
from booking.provision.models import Period, Run, Session

EVERYDAY = {
    "sibling": "has a brother or sister who comes to one of these clubs",
    "present": "came to one of these clubs this half-term or in the one before",
}
"""Grounds that lie open to whoever stands at the gate; with one of them in it, a link alone says nothing."""
BY_RIGHT = ("pupil_premium", "ehcp", "young_carer")
"""Entitlements, of those that `rounds.ENTITLED` can read; ethnicity, language, sex and religion are out of reach."""
GROUNDS: Mapping[str, str] = {**{name: CRITERIA[name] for name in BY_RIGHT}, **EVERYDAY}
PRESENT_DAYS = timedelta(days=60)


@dataclass(frozen=True)
class ComingIn:
    """Who would get a link now: (account, child), and the grounds of each child, which leave this object for nobody."""

    pairs: frozenset[tuple[int, int]]
    grounds: Mapping[int, frozenset[str]]

    @property
    def families(self) -> int:
        """How many families: two accounts of one child are one."""
        return families_in(self.pairs)

    @property
    def everyday(self) -> int:
        """How many families come in by an everyday ground, whatever else they have."""
        return families_in(pair for pair in self.pairs if self.grounds[pair[1]] & EVERYDAY.keys())

    @property
    def children(self) -> int:
        """How many children."""
        return len({pupil_id for _, pupil_id in self.pairs})

    def by_ground(self) -> Counter[str]:
        """Children by ground, for eyes that may see groups."""
        children = {pupil_id for _, pupil_id in self.pairs}
        return Counter(name for pupil_id in children for name in self.grounds[pupil_id])


def families_in(pairs: Iterable[tuple[int, int]]) -> int:
    """Families among (account, child): accounts that have a child in common count once."""
    groups: list[tuple[set[int], set[int]]] = []
    for account_id, pupil_id in pairs:
        touched = [group for group in groups if account_id in group[0] or pupil_id in group[1]]
        accounts = {account_id}.union(*(group[0] for group in touched))
        pupils = {pupil_id}.union(*(group[1] for group in touched))
        groups = [group for group in groups if group not in touched] + [(accounts, pupils)]
    return len(groups)


def who_comes_in(runs: Collection[Run], grounds: Collection[str], at: datetime) -> ComingIn:
    """Every (account, child) that the rule lets in now: of the right year group, and not closed by a restriction."""
    today = clock.today(at)
    pupils = db.session.scalars(select(Pupil).where(Pupil.status != "left"))
    ids = {pupil.id for pupil in pupils if any(_is_for(run, pupil, today) for run in runs)}
    met: dict[int, set[str]] = {pupil_id: set(names) for pupil_id, names in entitled_grounds(ids, at).items()}
    came = _who_came({run.activity_id for run in runs}, today)
    with_sibling = _siblings_of(came | _with_places([run.id for run in runs]), ids)
    for pupil_id, names in met.items():
        names |= ({"present"} if pupil_id in came else set()) | (
            {"sibling"} if pupil_id in with_sibling else set()
        )
        names &= set(grounds)
    found = {pupil_id: frozenset(names) for pupil_id, names in met.items() if names}
    return ComingIn(_bookable_pairs(found.keys(), today), found)


def _is_for(run: Run, pupil: Pupil, today: date) -> bool:
    known_on = max(today, pupil.joined_on or date.min)
    return year_group_on(pupil.year_group, known_on, run.period.starts_on) in run.year_groups


def _who_came(activity_ids: Collection[int], today: date) -> set[int]:
    """Children with a booked place in one of these activities since the last finished half-term began, until today."""
    last = select(func.max(Period.starts_on)).where(Period.kind == "half_term", Period.ends_on < today)
    since = db.session.scalar(last) or today - PRESENT_DAYS
    return set(
        db.session.scalars(
            select(Place.pupil_id)
            .join(Session, Session.id == Place.session_id)
            .join(Run, Run.id == Session.run_id)
            .where(Run.activity_id.in_(activity_ids), Place.state == "booked")
            .where(Session.date.between(since, today))
        )
    )


def _with_places(run_ids: Collection[int]) -> set[int]:
    live = select(Place.pupil_id).join(Session, Session.id == Place.session_id)
    return set(db.session.scalars(live.where(Session.run_id.in_(run_ids), Place.state.in_(LIVE))))


def _siblings_of(those: set[int], pupil_ids: Collection[int]) -> set[int]:
    ties = sibling_ties(pupil_ids)
    rows = db.session.execute(select(ties.c.pupil_id, ties.c.sibling_id))
    return {row.pupil_id for row in rows if row.sibling_id in those}


def _bookable_pairs(pupil_ids: Collection[int], today: date) -> frozenset[tuple[int, int]]:
    """The accounts that may book for these children, as `baskets.bookable_ids` knows them, all at once."""
    by_tie = (
        select(account_member.c.account_id, Guardianship.pupil_id)
        .join(Guardianship, Guardianship.user_id == account_member.c.user_id)
        .where(Guardianship.may_book, Guardianship.pupil_id.in_(pupil_ids))
    )
    by_office = select(account_pupil.c.account_id, account_pupil.c.pupil_id)
    rows = db.session.execute(by_tie.union(by_office.where(account_pupil.c.pupil_id.in_(pupil_ids))))
    return frozenset((row.account_id, row.pupil_id) for row in rows) - closed_pairs(today)
