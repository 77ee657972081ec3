"""The ratio and the first-aider as they are now: children who are in, and the adults who said that they are here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from booking.bookings.years import year_group_on
from booking.core import clock
from booking.core.db import db
from booking.core.words import counted
from booking.people.models import Pupil
from booking.provision.duties import Duty, is_first_aider
from booking.provision.rota import duties_of
from booking.provision.staff_models import StaffRecord
from booking.provision.staffing_problems import group_of, has_own_first_aid
from booking.registers.marks import states_in
from booking.registers.staff_marks import on_site


@dataclass(frozen=True)
class Live:
    """One session at this moment: children in, the adults whom they need, who of the rota is here and counts.

    `first_aiders` are names: of this rota where it needs its own, else of everybody on site. `problems` are sentences,
    and there is none while no child is in.
    """

    session_id: int
    children: int
    required: int
    here: tuple[str, ...]
    counting: int
    first_aiders: tuple[str, ...]
    problems: tuple[str, ...]


def live_staffing(session_ids: Collection[int], *, at: datetime) -> dict[int, Live]:
    """Each of these sessions as it is at an instant, in a fixed number of queries."""
    duties = duties_of(session_ids, {})
    day = clock.today(at)
    here = {record.id: record for record, _ in on_site(at)}
    children = _children_in([one.session.id for one in duties], day_of=at)
    aiders = _first_aiders_on_site(here, at)
    for duty in duties:
        duty.children = children.get(duty.session.id, {})
        duty.people = [one for one in duty.people if one.staff_id in here]
    today = [one for one in duties if one.session.date == day]
    return {one.session.id: _live(one, today, aiders) for one in duties if one.session.id in set(session_ids)}


def _children_in(session_ids: Collection[int], *, day_of: datetime) -> Mapping[int, Counter[str]]:
    pairs = [key for key, state in states_in(session_ids).items() if state.state == "in"]
    pupils = select(Pupil.id, Pupil.year_group).where(Pupil.id.in_({pupil_id for _, pupil_id in pairs}))
    years = {row.id: row.year_group for row in db.session.execute(pupils)}
    found: dict[int, Counter[str]] = {}
    today = clock.today(day_of)
    for session_id, pupil_id in pairs:
        year = year_group_on(years[pupil_id], today, today) or ""
        found.setdefault(session_id, Counter())[year] += 1
    return found


def _first_aiders_on_site(here: Mapping[int, StaffRecord], at: datetime) -> tuple[str, ...]:
    day = clock.today(at)
    return tuple(one.name for one in here.values() if is_first_aider(one, day))


def _live(duty: Duty, duties: Collection[Duty], aiders_on_site: tuple[str, ...]) -> Live:
    group = group_of(duty, list(duties))
    rule = duty.rule
    required = rule.adults_for(group.children)
    counting = sum(one.counts for one in group.people)
    needs_own = has_own_first_aid(duty)
    aiders = tuple(one.name for one in group.people if one.is_first_aider) if needs_own else aiders_on_site
    number = sum(group.children.values())
    problems = []
    if number and counting < required:
        who = "nobody of the rota has" if not counting else f"only {counting} of the rota who count have"
        verb = "is" if number == 1 else "are"
        problems.append(
            f"{counted(number, 'child', 'children')} {verb} in and {counted(required, 'adult')} needed: {who} signed in."
        )
    if number and len(aiders) < rule.least_first_aiders:
        where = "of this session" if needs_own else "on site"
        problems.append(
            f"No first-aider {where} has signed in." if not aiders else f"Too few first-aiders {where}."
        )
    return Live(
        duty.session.id,
        number,
        required,
        tuple(one.name for one in duty.people),
        counting,
        aiders,
        tuple(problems),
    )
