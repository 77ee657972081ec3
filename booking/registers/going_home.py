"""The going-home sheet: for each class every child tonight, absences already off it, late changes in bold.

It is made from what holds now. Whoever was told to be away stands in one line below the list, so that a teacher who
sees that child all the same asks the office.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import time

from sqlalchemy import select

from booking.core import clock
from booking.core.access_log import COLLECTION
from booking.core.db import db
from booking.core.words import full_day
from booking.people.models import Pupil
from booking.registers.afternoon import WayHome, ways_home
from booking.registers.lists import Cell, Column, Line, ListSheet, Section, cell, words
from booking.registers.paper_facts import Made, PaperDay, listed_name

LATE_FROM = time(13, 0)
NO_CLASS = "No class"
COLUMNS = (
    Column("", "10mm"),
    Column("Name", "44mm"),
    Column("After class", "1fr"),
    Column("How home", "1fr"),
    Column("Gone", "16mm"),
)


def going_home(paper: PaperDay) -> Made:
    """One sheet for each class (or for the one that is asked for), in the order of their names."""
    query = select(Pupil).where(Pupil.status == "on_roll")
    if paper.class_name is not None:
        query = query.where(Pupil.class_name == paper.class_name)
    classes: dict[str, list[Pupil]] = defaultdict(list)
    pupils = db.session.scalars(query).all()
    for pupil in pupils:
        classes[pupil.class_name or NO_CLASS].append(pupil)
    since = clock.instant(paper.day, LATE_FROM) if paper.is_today else None
    ways = ways_home(pupils, paper.day, since=since)
    made = Made()
    for name in sorted(classes, key=str.casefold):
        children = [ways[pupil.id] for pupil in sorted(classes[name], key=_by_name)]
        made.sheets.append(_sheet(name, children, paper).data())
    made.seen[COLLECTION] |= set(ways)
    return made


def _by_name(pupil: Pupil) -> tuple[str, str, int]:
    return pupil.surname.casefold(), pupil.first_name.casefold(), pupil.id


def _sheet(name: str, children: list[WayHome], paper: PaperDay) -> ListSheet:
    here = [child for child in children if not child.is_away]
    away = [child for child in children if child.is_away]
    changed = sum(bool(child.changes) for child in here)
    stay = sum(bool(child.legs) for child in here)
    bus = sum(child.bus is not None and not child.legs for child in here)
    notes: list[Line] = []
    if paper.is_today:
        since = f"since {LATE_FROM:%H:%M}"
        told = (
            f"{changed} changed {since}: in bold, with the word CHANGED."
            if changed
            else f"No change {since}."
        )
        notes.append(words(told, "strong" if changed else ""))
    sections = [Section(COLUMNS, tuple(_row(n, child) for n, child in enumerate(here, 1)), empty="Nobody.")]
    if away:
        sections.append(_away(away))
    return ListSheet(
        title=name,
        label="GOING-HOME SHEET",
        day=paper.day,
        school=paper.school,
        printed_at=paper.at,
        printed_by=paper.by,
        about=(full_day(paper.day),),
        counts=(
            ("Children", len(here)),
            ("Stay after class", stay),
            ("Bus from class", bus),
            ("Home from class", len(here) - stay - bus),
            ("Not in school", len(away)),
        ),
        notes=tuple(notes),
        sections=tuple(sections),
        signs=("All gone, checked by",),
    )


def _row(number: int, child: WayHome) -> tuple[Cell, ...]:
    how = "strong" if child.changes else ""
    name = [words(listed_name(child.pupil), "strong")]
    if child.changes:
        name.append(words("CHANGED", "tag"))
        name += [words(text, "strong") for text in child.changes]
    if child.is_barred:
        name.append(words("Check before release", "alert"))
    return (
        cell(words(str(number), how)),
        cell(*name),
        cell(*(words(text, how) for text in _after_class(child))),
        cell(*(words(text, how) for text in _home(child))),
        cell(words("", "tick")),
    )


def _after_class(child: WayHome) -> list[str]:
    """The sessions in their order, or that the child goes from class."""
    lines = []
    for leg in child.legs:
        unpaid = " (not yet paid)" if leg.status == "held" else ""
        lines.append(f"{leg.name}, {leg.room}, {leg.starts_at:%H:%M} to {leg.ends_at:%H:%M}{unpaid}")
    leaves = [note.at_time for note in child.notes if note.kind == "leaves_early" and note.at_time]
    if leaves:
        lines.insert(0, f"Leaves school at {min(leaves):%H:%M}")
    return lines or ["Goes home from class"]


def _home(child: WayHome) -> list[str]:
    """One way home, so that nobody has to choose: who collects today, else the bus, else alone, else who may collect."""
    today = [note.words for note in child.notes if note.kind == "collected_by" and note.words]
    people = ", ".join(child.collectors)
    if today:
        lines = [f"Today: {name} collects" for name in today]
        lines += ["Not by bus today"] if child.bus is not None else []
    elif child.bus is not None:
        lines = [f"Bus: {child.bus.words}"]
    elif child.alone:
        lines = ["Walks home" if child.alone == "yes" else f"Walks home, {child.alone}"]
        lines += [f"or with {people}"] if people else []
    else:
        lines = [f"Collected by {people}" if people else "Nobody is named to collect: ask the office"]
    for note in child.notes:
        if note.kind == "late":
            lines.append(f"Collector late, about {note.at_time:%H:%M}" if note.at_time else "Collector late")
    return lines


def _away(away: list[WayHome]) -> Section:
    return Section(
        (Column("Not in school today: left off above. Is one of them here? Ring the office.", "1fr"),),
        ((cell("; ".join(listed_name(child.pupil) for child in away)),),),
    )
