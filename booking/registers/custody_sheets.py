"""Paper for the moments at which children change hands: from clubs into care, and a roll call of everybody on site."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time

from booking.core.words import clock as hour
from booking.core.words import full_day
from booking.provision.models import Session
from booking.provision.staff_models import StaffRecord
from booking.registers.expected import Expected, Register, is_now
from booking.registers.lists import TIME, Cell, Column, ListSheet, Section, cell, words
from booking.registers.marks import OUTS
from booking.registers.paper_facts import AFTER_CLASS, Made, PaperDay, hours_words, listed_name, place_words
from booking.registers.staff_marks import on_site

CARE_KIND = "extended_care"
TO_NEXT = OUTS["to_activity"]
HANDED = (
    Column("", "10mm"),
    Column("Name", "1fr"),
    Column("Class", "26mm"),
    Column("Where it stands", "44mm"),
    Column("Here, time", "26mm"),
)
CALLED = (
    Column("", "10mm"),
    Column("Name", "1fr"),
    Column("Class", "26mm"),
    Column("In since", "20mm"),
    Column("Seen now", "20mm"),
)


def handover(paper: PaperDay) -> Made:
    """One sheet for each session of care: its children in the order in which they arrive, by club."""
    made = Made()
    for register in paper.registers:
        if register.session.run.activity.kind == CARE_KIND:
            made.sheets.append(_handover_sheet(register, paper).data())
    return made


def _handover_sheet(register: Register, paper: PaperDay) -> ListSheet:
    session, before = register.session, _clubs_before(register.session, paper)
    arrivals: dict[tuple[time, int, str], list[Expected]] = defaultdict(list)
    for child in register.children:
        club = before.get(child.pupil.id)
        arrivals[_arrival(session, club[0] if club else None)].append(child)
    sections = [
        Section(
            HANDED,
            tuple(
                _handed(n, child, before.get(child.pupil.id), session, paper)
                for n, child in enumerate(children, 1)
            ),
            title=f"{at:%H:%M} {source}: {len(children)}",
        )
        for (at, _, source), children in sorted(arrivals.items())
    ]
    return ListSheet(
        title=session.run.activity.name,
        label="HANDOVER SHEET",
        day=session.date,
        school=paper.school,
        printed_at=paper.at,
        printed_by=paper.by,
        about=(f"{full_day(session.date)}, {hours_words(session)}", f"Into: {session.run.room.name}"),
        kind=session.run.activity.kind,
        counts=(("Expected", sum(paper.why_away(child, session) is None for child in register.children)),),
        sections=tuple(sections) or (Section(HANDED, empty="Nobody is expected.", blanks=3),),
        totals=("Handed over", "Received", "Not here"),
        signs=("Handed over by", "Received by"),
    )


def _clubs_before(session: Session, paper: PaperDay) -> dict[int, tuple[Session, Expected]]:
    """Where each child is before this session, of all that runs after class on the day: the last to end before it."""
    found: dict[int, tuple[Session, Expected]] = {}
    for other in paper.whole_day:
        club = other.session
        if club.id == session.id or club.starts_at < AFTER_CLASS or club.ends_at >= session.ends_at:
            continue
        for child in other.children:
            known = found.get(child.pupil.id)
            if known is None or known[0].ends_at < club.ends_at:
                found[child.pupil.id] = (club, child)
    return found


def _arrival(session: Session, club: Session | None) -> tuple[time, int, str]:
    if club is None:
        return session.starts_at, 0, "from class"
    return max(club.ends_at, session.starts_at), club.id, f"from {place_words(club)}"


def _handed(
    number: int, child: Expected, before: tuple[Session, Expected] | None, session: Session, paper: PaperDay
) -> tuple[Cell, ...]:
    away = paper.why_away(child, session)
    return (
        cell(words(str(number))),
        cell(words(listed_name(child.pupil), "strong")),
        cell(child.pupil.class_name or ""),
        cell(
            words("" if away is None else f"ABSENT: {away}" if away else "ABSENT", "strong"),
            _stands(before[1]) if before else "",
            f"In care since {hour(child.state.in_at)}" if child.state.in_at else "",
        ),
        cell(TIME),
    )


def _stands(child: Expected) -> str:
    """What the club's register says of a child, as far as it is marked."""
    state = child.state
    if state.state == "in" and state.in_at:
        return f"In the club since {hour(state.in_at)}"
    if state.state == "out" and state.out_at:
        return f"{state.how} {hour(state.out_at)}"
    return "Not in the club" if state.state == "absent" else ""


def roll_call(paper: PaperDay) -> Made:
    """Everybody on site at the instant of printing by session, and who should be there and is not marked in."""
    sections, missing = [], []
    gone_or_in = {
        child.pupil.id
        for register in paper.registers
        for child in register.children
        if child.state.state == "in" or (child.state.state == "out" and child.state.how != TO_NEXT)
    }
    here: set[int] = set()
    for register in paper.registers:
        session = register.session
        inside = [child for child in register.children if child.state.state == "in"]
        here |= {child.pupil.id for child in inside}
        if inside:
            sections.append(
                Section(
                    CALLED,
                    tuple(_called(n, child) for n, child in enumerate(inside, 1)),
                    title=f"{place_words(session)}: {len(inside)}",
                    note=f"Led by {session.run.leader}" if session.run.leader else "",
                )
            )
        if is_now(session, paper.wall) and paper.is_today:
            for child in register.children:
                if child.pupil.id not in gone_or_in and _is_awaited(child, session, paper):
                    gone_or_in.add(child.pupil.id)
                    missing.append((child, session))
    if missing:
        sections.append(_missing(missing))
    adults = on_site(paper.at) if paper.is_today else []
    if adults:
        sections.append(_adults(adults))
    sheet = ListSheet(
        title="Roll call",
        label="ON SITE NOW",
        day=paper.day,
        school=paper.school,
        printed_at=paper.at,
        printed_by=paper.by,
        about=(full_day(paper.day), f"As marked at {hour(paper.at)}"),
        counts=(
            ("In", len(here)),
            ("Booked now, not marked in", len(missing)),
            ("Staff on site", len(adults)),
        ),
        sections=tuple(sections) or (Section(CALLED, empty="Nobody is marked in.", blanks=3),),
        totals=("Children in", "Staff", "Visitors", "Not found"),
        signs=("Called by",),
    )
    return Made([sheet.data()])


def _is_awaited(child: Expected, session: Session, paper: PaperDay) -> bool:
    return child.state.state == "expected" and paper.why_away(child, session) is None


def _called(number: int, child: Expected) -> tuple[Cell, ...]:
    return (
        cell(words(str(number))),
        cell(words(listed_name(child.pupil), "strong")),
        cell(child.pupil.class_name or ""),
        cell(hour(child.state.in_at) if child.state.in_at else ""),
        cell(words("", "tick")),
    )


def _missing(missing: list[tuple[Expected, Session]]) -> Section:
    return Section(
        (CALLED[0], CALLED[1], CALLED[2], Column("Should be in", "44mm"), Column("Found", "20mm")),
        tuple(
            (
                cell(words(str(n))),
                cell(words(listed_name(child.pupil), "strong")),
                cell(child.pupil.class_name or ""),
                cell(session.run.activity.name),
                cell(words("", "tick")),
            )
            for n, (child, session) in enumerate(missing, 1)
        ),
        title=f"Booked now, not marked in: {len(missing)}",
        note="These children may be on site too. Find out where each of them is.",
    )


def _adults(adults: list[tuple[StaffRecord, datetime]]) -> Section:
    return Section(
        (CALLED[0], Column("Name", "1fr"), Column("In since", "20mm"), Column("Seen now", "20mm")),
        tuple(
            (
                cell(words(str(n))),
                cell(words(one.name, "strong")),
                cell(hour(came)),
                cell(words("", "tick")),
            )
            for n, (one, came) in enumerate(adults, 1)
        ),
        title=f"Staff on site: {len(adults)}",
    )
