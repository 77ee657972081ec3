"""Holds one session's rota against its rule, beside the other sessions of its day; what is wrong comes as sentences.

Sessions that overlap in one room and share an adult are looked at as one: their children stand together, and so do
their adults. One adult on two rotas that overlap in different rooms is a problem of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import time
from itertools import pairwise

from booking.core.words import clock, counted
from booking.provision.documents import DOCUMENT_WORDS
from booking.provision.duties import Duty, OnRota, Staffing
from booking.provision.staffing_rules import NURSERY

EATS = frozenset({"breakfast", "extended_care"})
"""Kinds of activity in which children eat: somebody with paediatric first aid is in the room (EYFS, September 2025)."""
SENIOR, TRAINED = 3, 2
"""Levels of qualification that nursery children ask for: one adult of the first, half of the others of the second."""


@dataclass(frozen=True)
class Group:
    """Sessions that share a room and an adult at one time: all their children and all their adults."""

    duties: tuple[Duty, ...]
    people: tuple[OnRota, ...]
    children: Counter[str]


def group_of(duty: Duty, duties: Sequence[Duty]) -> Group:
    """A session with those of its room that overlap it and share an adult; the session itself comes first."""
    together = (duty, *(one for one in duties if _is_one_group(duty, one)))
    children = Counter[str]()
    for one in together:
        children.update(one.children)
    people = {person.staff_id: person for one in together for person in one.people}
    return Group(together, tuple(people.values()), children)


def judge(duty: Duty, duties: Sequence[Duty]) -> Staffing:
    """What the rota of a session comes to; `duties` are all of its day. A called-off session has no problem."""
    group = group_of(duty, duties)
    counting = sum(one.counts for one in group.people)
    rule, is_on = duty.rule, duty.session.status == "planned"
    required = rule.adults_for(group.children) if is_on else 0
    return Staffing(
        duty.session.id,
        tuple(duty.people),
        tuple(duty.away),
        sum(group.children.values()),
        required,
        rule.children_for(counting, duty.session.run.year_groups),
        tuple(_problems(duty, duties, group, required)) if is_on else (),
    )


def _is_one_group(duty: Duty, other: Duty) -> bool:
    is_one_room = duty.session.run.room_id == other.session.run.room_id
    is_on = other.session.status == "planned"
    return is_one_room and is_on and duty.overlaps(other) and bool(duty.ids & other.ids)


def _problems(duty: Duty, duties: Sequence[Duty], group: Group, required: int) -> Iterator[str]:
    """Each thing that is wrong, the gravest first."""
    counting = [one for one in group.people if one.counts]
    if not duty.people:
        yield "Nobody is on the rota."
    elif len(counting) < required:
        yield _too_few(group, required, len(counting))
    yield from (f"{one.name} {one.why_not}." for one in duty.people if one.why_not)
    if duty.people and any(group.children.values()):
        yield from _first_aid(duty, duties, group.people)
    yield from _nursery(group.children, counting)
    yield from _twice(duty, duties)
    if duty.papers_missing:
        names = ", ".join(DOCUMENT_WORDS[kind] for kind in duty.papers_missing)
        yield f"Papers of {duty.session.run.activity.seller.name} not in date: {names}."


def _too_few(group: Group, required: int, there: int) -> str:
    number = sum(group.children.values())
    beside = [one.session.run.activity.name for one in group.duties[1:]]
    names = f" (with {', '.join(beside)} in the same room)" if beside else ""
    verb = "needs" if number == 1 else "need"
    return (
        f"{counted(number, 'child', 'children')}{names} {verb} {counted(required, 'adult')} who count"
        f"{'s' if required == 1 else ''}. The rota has {there}."
    )


def _first_aid(duty: Duty, duties: Sequence[Duty], people: Sequence[OnRota]) -> Iterator[str]:
    """Enough paediatric first-aiders: on this rota where children eat, are away from the site or the rule says so."""
    least = duty.rule.least_first_aiders
    needs = "a first-aider" if least == 1 else f"{least} first-aiders"
    own = sum(one.is_first_aider for one in people)
    if has_own_first_aid(duty):
        if own < least:
            yield f"This rota needs {needs}: a paediatric certificate that is in date. It has {own}."
        return
    gap = first_aid_gap(duty, duties)
    if gap is not None:
        yield (
            f"From {clock(gap[0])} to {clock(gap[1])} the site has not {needs}: a paediatric certificate "
            "that is in date."
        )


def has_own_first_aid(duty: Duty) -> bool:
    """Whether the session needs its own first-aider: children eat, the room is off the site, or the rule says so."""
    run = duty.session.run
    return duty.rule.first_aider_each_session or run.activity.kind in EATS or run.room.minutes_away > 0


def first_aid_gap(duty: Duty, duties: Sequence[Duty]) -> tuple[time, time] | None:
    """The first stretch of a session in which too few first-aiders are on the school's site, by all rotas of the day."""
    session, least = duty.session, duty.rule.least_first_aiders
    here = [duty, *(one for one in duties if one.overlaps(duty) and _is_on_site(one))]
    moments = {session.starts_at, session.ends_at}
    for one in here:
        edges = (one.session.starts_at, one.session.ends_at)
        moments |= {edge for edge in edges if session.starts_at < edge < session.ends_at}
    ordered = sorted(moments)
    stretches = list(pairwise(ordered))
    bare = [one for one in stretches if _first_aiders_at(one[0], here) < least]
    if not bare:
        return None
    until = bare[0][1]
    for begins, ends in bare[1:]:
        if begins == until:
            until = ends
    return bare[0][0], until


def _first_aiders_at(moment: time, duties: Sequence[Duty]) -> int:
    there = {
        person.staff_id
        for one in duties
        if one.session.starts_at <= moment < one.session.ends_at
        for person in one.people
        if person.is_first_aider
    }
    return len(there)


def _is_on_site(duty: Duty) -> bool:
    return duty.session.status == "planned" and duty.session.run.room.minutes_away == 0


def _nursery(children: Counter[str], counting: Sequence[OnRota]) -> Iterator[str]:
    """The qualifications that children below Reception ask for."""
    if not any(children[year] for year in NURSERY):
        return
    senior = [one for one in counting if one.level >= SENIOR]
    if not senior:
        yield f"Nursery children need an adult with a level {SENIOR} qualification."
        return
    others = [one for one in counting if one is not senior[0]]
    if 2 * sum(one.level >= TRAINED for one in others) < len(others):
        yield f"With nursery children half of the other adults need a level {TRAINED} qualification."


def _twice(duty: Duty, duties: Sequence[Duty]) -> Iterator[str]:
    """Adults who are on another rota, in another room, at the same time."""
    for other in duties:
        is_elsewhere = other.session.run.room_id != duty.session.run.room_id
        if other.session.status == "planned" and is_elsewhere and duty.overlaps(other):
            for one in duty.people:
                if one.staff_id in other.ids:
                    yield f"{one.name} is on the rota of {other.session.run.activity.name} at the same time."
