"""The draw of a preference round: a look at what rules would do, the one real draw, and its replay by an observer."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from booking.bookings.family_letters import write_to_family
from booking.bookings.matching import Outcome, commitment, draw_number, match
from booking.bookings.models import WaitingEntry
from booking.bookings.offers import offer_party
from booking.bookings.price_facts import open_pots
from booking.bookings.request_log import note
from booking.bookings.round_models import Preference, PreferenceRound
from booking.bookings.rounds import (
    CRITERIA,
    RoundRefused,
    applicants_of,
    clubs_of,
    find_round,
    grounds_of,
    preferences_in,
)
from booking.bookings.rules import Situation
from booking.bookings.situations import load_situation
from booking.core import audit, clock
from booking.core.db import db, lock_rows
from booking.people.models import FamilyAccount, Pupil
from booking.people.restrictions import closed_pairs
from booking.provision.models import Run, Session
from booking.provision.price_models import Pot

TRIALS = 50


@dataclass(frozen=True)
class WhatIf:
    """What rules would do on average over trial draws: children with their first choice, any choice, and nothing.

    `by_ground` gives, for each ground, how many children met it and how many of these got something.
    """

    asked: int
    first: float
    some: float
    nothing: float
    by_ground: dict[str, tuple[int, float]]


def what_if(
    round_id: int,
    *,
    at: datetime,
    criteria: Sequence[str] | None = None,
    reserved: Mapping[str, int] | None = None,
    most: int | None = None,
) -> WhatIf:
    """Try rules with draws of its own, never with the sealed seed: nobody can look at the result beforehand."""
    one, preferences = find_round(round_id), [p for p in preferences_in(round_id) if p.ranks]
    grounds = grounds_of([p.pupil_id for p in preferences], at)
    people = applicants_of(preferences, one.criteria if criteria is None else criteria, grounds)
    first = some = 0
    helped: Counter[str] = Counter()
    for n in range(TRIALS):
        got = match(people, clubs_of(one, reserved), f"trial {n}", most=most or one.most).got
        first += sum(p.ranks[0] in got[p.id] for p in people)
        some += sum(bool(got[p.id]) for p in people)
        helped.update(name for p in people if got[p.id] for name in p.reserves)
    asked, met = len(people), Counter(name for p in people for name in p.reserves)
    by_ground = {name: (met[name], helped[name] / TRIALS) for name in CRITERIA if met[name]}
    return WhatIf(asked, first / TRIALS, some / TRIALS, asked - some / TRIALS, by_ground)


def publish(round_id: int, *, at: datetime, user_id: int) -> PreferenceRound:
    """Draw once, hold what everybody got until it is confirmed, put the others on the lists, and tell every family.

    Raises `RoundRefused` while the round is open, or a second time.
    """
    one = find_round(round_id)
    runs = [link.run_id for link in one.runs]
    sessions = db.session.scalars(
        select(Session.id).where(
            Session.run_id.in_(runs), Session.date > clock.today(at), Session.status == "planned"
        )
    ).all()
    preferences = preferences_in(round_id)
    pupils, accounts = {p.pupil_id for p in preferences}, {p.account_id for p in preferences}
    lock_rows((Pupil, pupils), (Session, sessions), (FamilyAccount, accounts), (Pot, open_pots(at)))
    db.session.refresh(one)
    if one.state(at) != "closed":
        raise RoundRefused("The round is open still, or was published already. Nothing was changed.")
    grounds = grounds_of(pupils, at)
    seed = one.seed
    outcome = match(applicants_of(preferences, one.criteria, grounds), clubs_of(one), seed, most=one.most)
    for preference in preferences:
        preference.grounds = grounds[preference.pupil_id]
        preference.got = list(outcome.got[preference.random_id])
    one.published_at, one.open_seed, one.digest = at, seed, outcome.digest()
    db.session.execute(update(Run).where(Run.id.in_(runs)).values(in_round=False))
    db.session.flush()
    closed = closed_pairs(clock.today(at))
    preferences = [p for p in preferences if (p.account_id, p.pupil_id) not in closed]
    _give_out(one, preferences, load_situation(pupils, sessions, at), at)
    _put_on_lists(preferences, outcome, load_situation(pupils, sessions, at), at)
    _tell(one, accounts, at)
    audit.record("round_published", "preference_round", one.id, at=at, user_id=user_id, digest=one.digest)
    return one


def _sessions_of(run_id: int, pupil_id: int, account_id: int, situation: Situation) -> list[int]:
    """The sessions of a run to which a child could go; what it has already on a day stays."""
    return [
        session.id
        for session in sorted(situation.sessions.values(), key=lambda s: (s.date, s.id))
        if session.run_id == run_id
        and situation.clash_of(pupil_id, session.id, account_id) is None
        and situation.at < session.cut_off
    ]


def _entries(preference: Preference, run_id: int, situation: Situation, at: datetime) -> list[WaitingEntry]:
    ids = _sessions_of(run_id, preference.pupil_id, preference.account_id, situation)
    party = secrets.token_hex(6) if len(ids) > 1 else None
    entries = [
        WaitingEntry(
            account_id=preference.account_id,
            pupil_id=preference.pupil_id,
            session_id=session_id,
            user_id=preference.user_id,
            joined_at=at,
            party=party,
        )
        for session_id in ids
    ]
    db.session.add_all(entries)
    db.session.flush()
    facts = [("asked", entry.pupil_id, entry.session_id, None) for entry in entries]
    note(facts, account_id=preference.account_id, at=at, user_id=preference.user_id)
    return entries


def _give_out(
    one: PreferenceRound, preferences: Sequence[Preference], situation: Situation, at: datetime
) -> None:
    """Every club that a child got is held as one party until the family says yes or no."""
    until = at + timedelta(hours=one.confirm_hours)
    for preference in preferences:
        for run_id in preference.got or []:
            entries = _entries(preference, run_id, situation, at)
            if entries:
                offer_party(entries, situation, until=until, at=at)


def _put_on_lists(
    preferences: Sequence[Preference], outcome: Outcome, situation: Situation, at: datetime
) -> None:
    """Who liked a club better than what it got waits for it, in the order of the draw."""
    by_id = {preference.random_id: preference for preference in preferences}
    for run_id, ids in outcome.turned_away.items():
        for place, random_id in enumerate(ids):
            preference = by_id.get(random_id)
            if preference is None:
                continue
            when = at + timedelta(milliseconds=place)
            entries = _entries(preference, run_id, situation, when)
            facts = [("waiting", entry.pupil_id, entry.session_id, "draw") for entry in entries]
            note(facts, account_id=preference.account_id, at=at, user_id=preference.user_id)


def _tell(one: PreferenceRound, accounts: set[int], at: datetime) -> None:
    for account_id in sorted(accounts):
        context = {"round_id": one.id, "account_id": account_id}
        write_to_family(account_id, "round_result", context, key=f"round:{one.id}:{account_id}", at=at)


@dataclass(frozen=True)
class Replay:
    """What an observer finds: whether seed and result are those that were published, and how many children."""

    is_committed: bool
    is_same: bool
    digest: str
    children: int
    first: int
    nothing: int


def replay(round_id: int) -> Replay:
    """Draw a published round again from what was ranked and frozen; nothing but random ids comes into it."""
    one, preferences = find_round(round_id), preferences_in(round_id)
    if one.open_seed is None:
        raise RoundRefused("This round is not published yet.")
    grounds = {preference.pupil_id: preference.grounds for preference in preferences}
    people = applicants_of(preferences, one.criteria, grounds)
    outcome = match(people, clubs_of(one), one.open_seed, most=one.most)
    kept = {preference.random_id: tuple(preference.got or []) for preference in preferences}
    return Replay(
        commitment(one.open_seed) == one.commitment,
        outcome.got == kept and outcome.digest() == one.digest,
        outcome.digest(),
        len(people),
        sum(bool(p.ranks) and p.ranks[0] in outcome.got[p.id] for p in people),
        sum(bool(p.ranks) and not outcome.got[p.id] for p in people),
    )


def reason_of(preference: Preference) -> str:
    """One line for the family about its own child: what it got and why not more; nothing of anybody else."""
    one = preference.round
    if one.open_seed is None:
        return "The draw has not taken place yet."
    if not preference.ranks:
        return "No club was chosen."
    number = draw_number(one.open_seed, preference.random_id)[:8]
    places = Counter(preference.got or [])
    if preference.ranks[0] in places:
        return f"First choice. Number in the draw: {number}."
    if preference.got:
        return f"A later choice: every place of the clubs before it went by the published order. Number: {number}."
    return f"Every place went by the published order, then by the draw. Number in the draw: {number}."
