"""The kitchen's sheet: how many eat, by diet and allergy, for breakfast and for the snack in care.

Diets are counted, each child once. A name stands on it only beside an allergy, where safety needs it.
"""

from __future__ import annotations

from collections import Counter

from booking.core.access_log import CARE
from booking.core.words import full_day
from booking.registers.expected import Expected, Register
from booking.registers.lists import Column, ListSheet, Section, cell, words
from booking.registers.paper_facts import Made, PaperDay, hours_words, listed_name

EATS = {"breakfast": "Breakfast", "extended_care": "Snack"}
NO_DIET = "No special diet"
COUNTED = (Column("Diet", "1fr"), Column("How many", "30mm"), Column("Served", "30mm"))
NAMED = (Column("Allergy", "1fr"), Column("Name", "62mm"), Column("Class", "30mm"))


def kitchen(paper: PaperDay) -> Made:
    """One sheet for the day with a part for each session at which children eat."""
    made, sections, total = Made(), [], 0
    for register in paper.registers:
        kind = register.session.run.activity.kind
        if kind not in EATS:
            continue
        children = [one for one in register.children if paper.why_away(one, register.session) is None]
        total += len(children)
        sections += _parts(register, children)
        made.seen[CARE] |= {one.pupil.id for one in children if one.alerts}
    if not sections:
        return made
    sheet = ListSheet(
        title="Kitchen",
        label="KITCHEN SHEET",
        day=paper.day,
        school=paper.school,
        printed_at=paper.at,
        printed_by=paper.by,
        about=(full_day(paper.day),),
        counts=(("Meals and snacks", total),),
        sections=tuple(sections),
        signs=("Allergens checked by",),
        holds_care=True,
    )
    made.sheets.append(sheet.data())
    return made


def diet_counts(children: list[Expected]) -> list[tuple[str, int]]:
    """How many children eat what: each child once, under all of its diets together; no diet first, then by number."""
    counted = Counter(
        ", ".join(sorted(one.care.diet)) if one.care and one.care.diet else NO_DIET for one in children
    )
    return sorted(counted.items(), key=lambda item: (item[0] != NO_DIET, -item[1], item[0]))


def _parts(register: Register, children: list[Expected]) -> list[Section]:
    session = register.session
    meal, free = EATS[session.run.activity.kind], sum(one.status == "forecast" for one in children)
    note = "Free breakfast is for every child who comes: be ready for more." if free else ""
    tick = cell(words("", "tick"))
    counts = Section(
        COUNTED,
        tuple((cell(diet), cell(words(str(n), "strong")), tick) for diet, n in diet_counts(children)),
        title=f"{meal}: {session.run.activity.name}, {hours_words(session)}, {session.run.room.name}: "
        f"{len(children)}",
        note=note,
        empty="Nobody is booked.",
    )
    allergic = [one for one in children if one.alerts]
    if not allergic:
        return [counts]
    named = Section(
        NAMED,
        tuple(
            (
                cell(words(", ".join(one.alerts), "alert")),
                cell(words(listed_name(one.pupil), "strong")),
                cell(one.pupil.class_name or ""),
            )
            for one in allergic
        ),
        note=f"With an allergy: {len(allergic)}. Look at each plate.",
    )
    return [counts, named]
