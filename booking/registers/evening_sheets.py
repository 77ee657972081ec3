"""Paper for the end of the day: late collections to sign, and who goes home by which bus."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select

from booking.core.access_log import COLLECTION
from booking.core.db import db
from booking.core.money import format_pence
from booking.core.words import clock as hour
from booking.core.words import full_day, telephone
from booking.ledger.terms import LateRule, terms_on
from booking.people.models import Pupil
from booking.registers.afternoon import WayHome, ways_home
from booking.registers.buses import all_buses
from booking.registers.custody_sheets import CARE_KIND
from booking.registers.expected import Expected, Register
from booking.registers.lists import SIGN, Cell, Column, ListSheet, Section, cell, words
from booking.registers.marks import OUTS
from booking.registers.paper_facts import Made, PaperDay, hours_words, listed_name

BLANKS = 12
SIGNED = (
    Column("Name and class", "1fr"),
    Column("Out, time", "22mm"),
    Column("Collected by (print)", "42mm"),
    Column("Signature", "42mm"),
)
RIDES = (
    Column("", "10mm"),
    Column("Name", "1fr"),
    Column("Class", "26mm"),
    Column("Comes from", "44mm"),
    Column("Stop", "34mm"),
    Column("On", "12mm"),
)


def late(paper: PaperDay) -> Made:
    """A sheet for each session of care: who is still in, or went late, and lines to sign for whoever is late yet."""
    rule, made = terms_on(paper.day).late_rule, Made()
    for register in paper.registers:
        if register.session.run.activity.kind == CARE_KIND:
            made.sheets.append(_late_sheet(register, rule, paper).data())
    return made


def _late_sheet(register: Register, rule: LateRule | None, paper: PaperDay) -> ListSheet:
    session = register.session
    is_charged = rule is not None and session.ends_at >= rule.ends_from
    rows = tuple(_signed(child) for child in register.children if _is_late(child, register, paper))
    return ListSheet(
        title=f"Late collections: {session.run.activity.name}",
        label="TO SIGN",
        day=session.date,
        school=paper.school,
        printed_at=paper.at,
        printed_by=paper.by,
        about=(f"{full_day(session.date)}, {hours_words(session)}", f"Room: {session.run.room.name}"),
        kind=session.run.activity.kind,
        notes=(words(_rule_words(rule if is_charged else None, register, paper)),),
        sections=(Section(SIGNED, rows, blanks=BLANKS),),
        signs=("Last child gone, checked by",),
    )


def _rule_words(rule: LateRule | None, register: Register, paper: PaperDay) -> str:
    session = register.session
    if rule is None:
        return f"This session ends at {session.ends_at:%H:%M}. Write down whoever is collected later."
    free = rule.free_until(session.date, session.ends_at)
    return (
        f"This session ends at {session.ends_at:%H:%M}. Later than {hour(free)} costs {format_pence(rule.slice_pence)} "
        f"for each {rule.slice_minutes} minutes begun, at most {format_pence(rule.cap_pence)} a day. "
        "The adult who collects signs for the time."
    )


def _is_late(child: Expected, register: Register, paper: PaperDay) -> bool:
    """Still in after the session's end, or gone home after it by the marks."""
    from_now = register.session
    ends = (from_now.date, from_now.ends_at)
    if child.state.state == "in":
        return (paper.day, paper.wall) > ends if paper.is_today else paper.at.date() > from_now.date
    gone = child.state.state == "out" and child.state.how != OUTS["to_activity"] and child.state.out_at
    return bool(gone and hour(gone) > f"{from_now.ends_at:%H:%M}")


def _signed(child: Expected) -> tuple[Cell, ...]:
    out = child.state.out_at
    return (
        cell(words(listed_name(child.pupil), "strong"), child.pupil.class_name or ""),
        cell(words(hour(out), "strong") if out else words("", "line")),
        cell(child.state.detail if out else SIGN),
        cell(SIGN),
    )


def buses(paper: PaperDay) -> Made:
    """One sheet for each bus: who goes by it today, where each child comes from, and at which stop it gets off."""
    pupils = db.session.scalars(select(Pupil).where(Pupil.status == "on_roll")).all()
    riders: dict[int, list[WayHome]] = defaultdict(list)
    for way in ways_home(pupils, paper.day, since=None).values():
        if way.bus is not None:
            riders[way.bus.bus_id].append(way)
    made = Made()
    for bus in all_buses():
        children = sorted(
            riders[bus.id], key=lambda one: (one.pupil.surname.casefold(), one.pupil.first_name)
        )
        here = [child for child in children if not child.is_away]
        sheet = ListSheet(
            title=bus.name,
            label="BUS SHEET",
            day=paper.day,
            school=paper.school,
            printed_at=paper.at,
            printed_by=paper.by,
            about=(
                f"{full_day(paper.day)}, leaves at {bus.leaves_at:%H:%M}",
                *(
                    [f"Driver: {bus.driver} {telephone(bus.phone)}".strip()]
                    if bus.driver or bus.phone
                    else []
                ),
            ),
            counts=(("Children", len(here)), ("Not in school", len(children) - len(here))),
            sections=(
                Section(RIDES, tuple(_ride(n, one) for n, one in enumerate(here, 1)), empty="Nobody today."),
            ),
            totals=("On the bus", "Not here"),
            signs=("Handed to the driver by",),
        )
        made.sheets.append(sheet.data())
        made.seen[COLLECTION] |= {child.pupil.id for child in here}
    return made


def _ride(number: int, child: WayHome) -> tuple[Cell, ...]:
    today = [note.words for note in child.notes if note.kind == "collected_by"]
    last = child.legs[-1] if child.legs else None
    return (
        cell(words(str(number))),
        cell(
            words(listed_name(child.pupil), "strong"),
            words("Somebody collects today: ask the office", "tag") if today else "",
        ),
        cell(child.pupil.class_name or ""),
        cell(f"{last.name}, {last.ends_at:%H:%M}" if last else "Class"),
        cell(child.bus.stop if child.bus else ""),
        cell(words("", "tick")),
    )
