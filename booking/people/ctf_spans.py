"""Turns the meals and SEN of a transfer file into a history without overlaps: on any day at most one thing is so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from booking.people.import_rows import FactSpan

DAY = timedelta(days=1)
STRENGTH = "NKE"
FOR_EVER = 9999
"""Some systems write a year such as this for what has no end."""


def settle(spans: Iterable[FactSpan]) -> tuple[FactSpan, ...]:
    """One kind's spans cut so that none overlap: of two on the same day the one that began later stands.

    What was interrupted goes on afterwards, a plain yes gives way to a category that begins with it, and neighbours
    that say the same become one.
    """
    told = [_open_ended(span) for span in spans]
    edges = {_first(span) for span in told} | {span.ends_on + DAY for span in told if span.ends_on}
    found: list[FactSpan] = []
    for begins, after in pairwise([*sorted(edges), None]):
        if begins is None:
            break
        stands = _standing(told, begins)
        if stands is None:
            continue
        starts_on = None if begins == date.min else begins
        ends_on = after - DAY if after else None
        last = found[-1] if found else None
        if last and last.value == stands.value and last.ends_on == begins - DAY:
            found[-1] = replace(last, ends_on=ends_on)
        else:
            found.append(replace(stands, starts_on=starts_on, ends_on=ends_on))
    return tuple(found)


def steps(kind: str, told: Sequence[tuple[date | None, str]]) -> tuple[FactSpan, ...]:
    """A history that is told by its beginnings alone: each holds until the day before the next.

    Of two on one day the stronger stands, so that no child loses help by it.
    """
    values: dict[date, str] = {}
    for starts_on, value in told:
        begins = starts_on or date.min
        values[begins] = max(values.get(begins, value), value, key=STRENGTH.index)
    return settle(
        FactSpan(kind, value, None if begins == date.min else begins) for begins, value in values.items()
    )


def value_at(spans: Iterable[FactSpan], on: date) -> str | None:
    """What is so on a day; an empty text when it has been told and is not so, None when nothing has begun yet."""
    begun = [span for span in spans if _first(span) <= on]
    if not begun:
        return None
    stands = _standing(begun, on)
    return stands.value if stands else ""


def facts_of(spans: Iterable[FactSpan], on: date) -> Mapping[str, str]:
    """What is so on a day of each kind that has begun."""
    kinds: dict[str, list[FactSpan]] = {}
    for span in spans:
        kinds.setdefault(span.kind, []).append(span)
    values = {kind: value_at(told, on) for kind, told in kinds.items()}
    return {kind: value for kind, value in values.items() if value is not None}


def _first(span: FactSpan) -> date:
    return span.starts_on or date.min


def _open_ended(span: FactSpan) -> FactSpan:
    return replace(span, ends_on=None) if span.ends_on and span.ends_on.year >= FOR_EVER else span


def _standing(told: Sequence[FactSpan], on: date) -> FactSpan | None:
    there = [span for span in told if _first(span) <= on and (span.ends_on is None or span.ends_on >= on)]
    return max(there, key=lambda span: (_first(span), span.value != "yes"), default=None)
