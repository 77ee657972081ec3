"""Door sheet, leader's sheet and a provider's register of each session, from what is booked, marked and told today."""

from __future__ import annotations

from booking.core.access_log import CARE, COLLECTION
from booking.core.clock import school_zone
from booking.core.words import clock as hour
from booking.provision.models import Session
from booking.registers.expected import Expected, Register
from booking.registers.lists import KEEP_PAPER
from booking.registers.paper_facts import Made, PaperDay, listed_name, year_label
from booking.registers.sheets import RegisterEntry, RegisterSheet, SheetKind, sheet_data

SESSION_KINDS: tuple[SheetKind, ...] = ("door", "leader", "provider")


def registers(paper: PaperDay, kinds: tuple[str, ...]) -> Made:
    """The sheets of these kinds for each session, together by session: door first, then leader, then provider.

    Of several sessions only those of outside sellers have a register for the provider.
    """
    made = Made()
    for register in paper.registers:
        is_asked = len(paper.sessions) == 1 or not register.session.run.activity.seller.is_school
        wanted = [one for one in SESSION_KINDS if one in kinds and (is_asked or one != "provider")]
        if not wanted:
            continue
        sheet = _sheet(register, paper)
        made.sheets += [sheet_data(sheet, kind) for kind in wanted]
        ids = {child.pupil.id for child in register.children}
        if {"door", "leader"} & set(wanted):
            made.seen[COLLECTION] |= ids
        if {"leader", "provider"} & set(wanted):
            made.seen[CARE] |= ids
    return made


def _sheet(register: Register, paper: PaperDay) -> RegisterSheet:
    session = register.session
    return RegisterSheet(
        school=paper.school,
        activity=session.run.activity.name,
        activity_kind=session.run.activity.kind,  # type: ignore[arg-type]
        date=session.date,
        room=session.run.room.name,
        leader=session.run.leader,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        printed_at=paper.at.astimezone(school_zone()),
        printed_by=paper.by,
        destroy_after=session.date + KEEP_PAPER,
        entries=tuple(_entry(child, session, paper) for child in register.children),
    )


def _entry(child: Expected, session: Session, paper: PaperDay) -> RegisterEntry:
    pupil, care = child.pupil, child.care
    today, collector = _told(child, session, paper)
    return RegisterEntry(
        name=listed_name(pupil),
        class_name=pupil.class_name or "",
        year_label=year_label(pupil),
        status="not yet paid" if child.status == "held" else "booked",
        allergies=tuple(care.allergies) if care else (),
        medical=(care.medical or "") if care else "",
        diet=tuple(care.diet) if care else (),
        support=(care.support or "") if care else "",
        may_collect=child.may_collect,
        is_stale=child.is_stale,
        do_not_release_to=child.do_not_release_to,
        goes_home_alone=child.goes_home_alone,
        in_at=child.state.in_at,
        out_at=child.state.out_at,
        absent=paper.why_away(child, session),
        today=today,
        collected_today=collector,
    )


def _told(child: Expected, session: Session, paper: PaperDay) -> tuple[tuple[str, ...], str]:
    """What the door reads of today beyond being away: leaving early, a late collector; and who collects, by name."""
    today, collector = [], ""
    for note in paper.notes.get(child.pupil.id, ()):
        is_here = note.session_id is None or note.session_id == session.id
        if note.kind == "leaves_early" and note.at_time and session.starts_at < note.at_time:
            today.append(f"Leaves at {hour(note.at_time)}")
        elif note.kind == "late" and is_here:
            today.append(f"Late, about {hour(note.at_time)}" if note.at_time else "Late")
        elif note.kind == "collected_by" and is_here:
            collector = note.words
    return tuple(today), collector
