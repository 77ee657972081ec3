"""Preference rounds up to the draw: announcing one, ranking clubs, and the grounds that the published order names."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from booking.bookings.baskets import NotYourChild, bookable_ids
from booking.bookings.matching import Applicant, Club, commitment
from booking.bookings.models import Place
from booking.bookings.round_models import Preference, PreferenceRound, RoundRun
from booking.bookings.years import year_group_on
from booking.core import audit, clock
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.entitlements import entitlements_at
from booking.people.models import Guardianship, Pupil
from booking.provision.generation import capacity_of
from booking.provision.models import Run, Session
from booking.provision.runs import DAY_NAMES

CRITERIA = {
    "ehcp": "has an education, health and care plan",
    "looked_after": "is or was looked after by a council",
    "young_carer": "cares for somebody at home",
    "pupil_premium": "has pupil premium",
    "service_child": "has a parent in the armed forces",
    "sibling": "has a brother or sister at the school",
    "present": "came to a club or to care in the last 60 days",
}
ENTITLED = {
    "ehcp": ("sen", "E"),
    "looked_after": ("looked_after", "yes"),
    "young_carer": ("young_carer", "yes"),
    "pupil_premium": ("pupil_premium", "yes"),
    "service_child": ("service_child", "yes"),
}
"""Grounds that come from entitlement facts: never ethnicity, language or sex."""
PRESENT_DAYS = timedelta(days=60)


class RoundRefused(BookingError):
    """The round cannot stand, or be ranked or published, as asked; nothing was changed."""


@dataclass(frozen=True)
class RoundDetails:
    """What the office enters; `reserved` are places in every run by entitlement."""

    name: str
    period_id: int
    run_ids: tuple[int, ...]
    opens_at: datetime
    closes_at: datetime
    criteria: tuple[str, ...]
    most: int = 1
    confirm_hours: int = 72
    reserved: Mapping[str, int] | None = None


def announce(details: RoundDetails, *, at: datetime, user_id: int) -> PreferenceRound:
    """Announce a round: its seed is sealed, its commitment stands in the open, and its runs are not booked directly.

    Raises `RoundRefused` when a run meets on more than one weekday, is in a round already or has bookings to come.
    """
    runs = db.session.scalars(select(Run).where(Run.id.in_(details.run_ids)).order_by(Run.id)).all()
    if not runs:
        raise RoundRefused("Choose at least one club. Nothing was saved.")
    if details.opens_at >= details.closes_at or details.closes_at <= at:
        raise RoundRefused("The round must end after it begins, and in the future. Nothing was saved.")
    for run in runs:
        _refuse(run, at)
    seed = secrets.token_hex(32)
    found = PreferenceRound(
        name=details.name,
        period_id=details.period_id,
        opens_at=details.opens_at,
        closes_at=details.closes_at,
        most=details.most,
        confirm_hours=details.confirm_hours,
        criteria=[name for name in CRITERIA if name in details.criteria],
        commitment=commitment(seed),
        seed=seed,
        user_id=user_id,
        runs=[RoundRun(run_id=run.id, reserved=dict(details.reserved or {})) for run in runs],
    )
    db.session.add(found)
    db.session.execute(update(Run).where(Run.id.in_([run.id for run in runs])).values(in_round=True))
    db.session.flush()
    audit.record("round_announced", "preference_round", found.id, at=at, user_id=user_id)
    return found


def _refuse(run: Run, at: datetime) -> None:
    name = run.activity.name
    if len(run.weekdays) != 1:
        raise RoundRefused(f"{name} meets on more than one weekday: leave it out of the round.")
    if db.session.scalar(select(RoundRun.id).where(RoundRun.run_id == run.id)):
        raise RoundRefused(f"{name} is in a round already.")
    booked = select(func.count()).select_from(Place).join(Session, Session.id == Place.session_id)
    where = (Session.run_id == run.id, Place.state.in_(("held", "booked")))
    if run.status != "open" or db.session.scalar(booked.where(*where)):
        raise RoundRefused(f"{name} must be open and have no bookings yet. Nothing was saved.")


def find_round(round_id: int) -> PreferenceRound:
    """One round; raises `NotFound`."""
    found = db.session.get(PreferenceRound, round_id)
    if found is None:
        raise NotFound
    return found


def open_rounds(at: datetime) -> list[PreferenceRound]:
    """The rounds in which families can choose now."""
    return list(
        db.session.scalars(
            select(PreferenceRound)
            .where(PreferenceRound.opens_at <= at, PreferenceRound.closes_at > at)
            .where(PreferenceRound.published_at.is_(None))
            .order_by(PreferenceRound.closes_at)
        )
    )


def runs_for(one: PreferenceRound, pupil: Pupil, today: date) -> list[Run]:
    """The runs of a round that a child is of the year group for, by weekday and name."""
    year = year_group_on(pupil.year_group, max(today, pupil.joined_on or date.min), one.period.starts_on)
    fitting = [link.run for link in one.runs if year in link.run.year_groups]
    return sorted(fitting, key=lambda run: (run.weekdays[0], run.starts_at, run.activity.name.casefold()))


def rank(
    round_id: int,
    pupil_id: int,
    ranks: Sequence[int],
    *,
    account_id: int,
    at: datetime,
    user_id: int | None,
) -> Preference:
    """Keep what a family likes best for one child, the dearest first; the latest word counts until the round closes."""
    one = find_round(round_id)
    if pupil_id not in bookable_ids(account_id, clock.today(at)):
        raise NotYourChild
    if one.state(at) != "open":
        raise RoundRefused("This round is not open. Nothing was changed.")
    known = {run.id for run in runs_for(one, db.session.get_one(Pupil, pupil_id), clock.today(at))}
    wanted = list(dict.fromkeys(run_id for run_id in ranks if run_id in known))
    found = preference_of(round_id, pupil_id)
    if found is None:
        found = Preference(round_id=round_id, pupil_id=pupil_id, random_id=secrets.token_hex(8), grounds=[])
        db.session.add(found)
    elif found.account_id != account_id:
        raise RoundRefused("Another adult has chosen for this child already. Ring the school office.")
    found.account_id, found.user_id, found.at, found.ranks = account_id, user_id, at, wanted
    db.session.flush()
    audit.record("ranked", "preference", found.id, at=at, user_id=user_id, clubs=len(wanted))
    return found


def preference_of(round_id: int, pupil_id: int) -> Preference | None:
    """What was ranked for a child in a round."""
    return db.session.scalars(
        select(Preference).where(Preference.round_id == round_id, Preference.pupil_id == pupil_id)
    ).first()


def preferences_in(round_id: int) -> list[Preference]:
    """Everything that was ranked in a round, by random id, so that no order gives anybody away."""
    return list(
        db.session.scalars(
            select(Preference).where(Preference.round_id == round_id).order_by(Preference.random_id)
        )
    )


def grounds_of(pupil_ids: Collection[int], at: datetime) -> dict[int, list[str]]:
    """Which of the grounds each child meets now; only entitlement facts, ties and bookings are read."""
    siblings, present = _with_siblings(pupil_ids), _present(pupil_ids, at)
    found = entitled_grounds(pupil_ids, at)
    for pupil_id, met in found.items():
        met += ["sibling"] if pupil_id in siblings else []
        met += ["present"] if pupil_id in present else []
    return found


def entitled_grounds(pupil_ids: Collection[int], at: datetime) -> dict[int, list[str]]:
    """Which grounds of `ENTITLED` each child meets now, for every child that is asked about."""
    facts = entitlements_at(clock.today(at), pupil_ids=pupil_ids)
    return {
        pupil_id: [
            name for name, (kind, value) in ENTITLED.items() if facts.get(pupil_id, {}).get(kind) == value
        ]
        for pupil_id in pupil_ids
    }


def _with_siblings(pupil_ids: Collection[int]) -> set[int]:
    mine, theirs = aliased(Guardianship), aliased(Guardianship)
    return set(
        db.session.scalars(
            select(mine.pupil_id)
            .join(theirs, (theirs.user_id == mine.user_id) & (theirs.pupil_id != mine.pupil_id))
            .join(Pupil, Pupil.id == theirs.pupil_id)
            .where(mine.pupil_id.in_(pupil_ids), Pupil.status == "on_roll")
        )
    )


def _present(pupil_ids: Collection[int], at: datetime) -> set[int]:
    today = clock.today(at)
    return set(
        db.session.scalars(
            select(Place.pupil_id)
            .join(Session, Session.id == Place.session_id)
            .where(Place.pupil_id.in_(pupil_ids), Place.state == "booked")
            .where(Session.date.between(today - PRESENT_DAYS, today))
        )
    )


def applicants_of(
    preferences: Collection[Preference], criteria: Sequence[str], grounds: Mapping[int, Sequence[str]]
) -> list[Applicant]:
    """The draw's view of what was ranked: random ids, ranks, the first published ground, and reserves."""
    found = []
    for one in preferences:
        met = grounds[one.pupil_id]
        group = next((n for n, name in enumerate(criteria) if name in met), len(criteria))
        found.append(Applicant(one.random_id, tuple(one.ranks), group, frozenset(met)))
    return found


def clubs_of(one: PreferenceRound, reserved: Mapping[str, int] | None = None) -> list[Club]:
    """The draw's view of the runs; clubs of one weekday exclude each other. `reserved` tries other numbers."""
    return [
        Club(
            link.run_id,
            capacity_of(link.run),
            DAY_NAMES[link.run.weekdays[0]],
            link.reserved if reserved is None else reserved,
        )
        for link in one.runs
    ]
