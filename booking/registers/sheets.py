"""The paper register: a door sheet for the queue, a leader's sheet with what must be known of each child, and a
register for an outside provider with name, class and safety needs.

Nothing here asks the database: what is printed is what the caller hands over, in the caller's order. Each kind is
built without what it must not hold, so that no template can let it out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from booking.core import clock, fonts, pdf
from booking.core.words import full_day, plain_day

SheetKind = Literal["door", "leader", "provider"]
EntryStatus = Literal["booked", "not yet paid"]
ActivityKind = Literal["breakfast", "club", "extended_care", "study_support", "family", "community"]

LABELS: dict[SheetKind, str] = {
    "door": "DOOR SHEET",
    "leader": "LEADER’S SHEET",
    "provider": "FOR THE PROVIDER",
}
SLOTS = {
    "breakfast": ("sun", "Sun: breakfast"),
    "club": ("star", "Star: club"),
    "study_support": ("star", "Star: study support"),
    "extended_care": ("moon", "Moon: care until six"),
    "family": ("house", "House: families"),
    "community": ("house", "House: community"),
}
_LONG_ROW = 1200
"""Letters of care text beyond which a row may be taller than a page, and so may run over to the next."""


@dataclass(frozen=True)
class RegisterEntry:
    """One expected child; `name` is surname first, as it is to be printed.

    `in_at` and `out_at` are instants of marks already made; `absent` is the reason, or an empty text when no
    reason is known, and None for a child who is expected. A text in `goes_home_alone` means yes, on those terms.
    `today` is what is different today and may hang at the door; `collected_today` names somebody, and may not.
    """

    name: str
    class_name: str
    year_label: str = ""
    status: EntryStatus = "booked"
    allergies: tuple[str, ...] = ()
    medical: str = ""
    diet: tuple[str, ...] = ()
    support: str = ""
    may_collect: tuple[str, ...] = ()
    is_stale: bool = False
    do_not_release_to: tuple[str, ...] = ()
    goes_home_alone: bool | str = False
    in_at: dt.datetime | None = None
    out_at: dt.datetime | None = None
    absent: str | None = None
    today: tuple[str, ...] = ()
    collected_today: str = ""


@dataclass(frozen=True)
class RegisterSheet:
    """One session's list; `starts_at` and `ends_at` are wall-clock times, `printed_at` is an instant."""

    school: str
    activity: str
    date: dt.date
    room: str
    leader: str
    starts_at: dt.time
    ends_at: dt.time
    printed_at: dt.datetime
    destroy_after: dt.date
    entries: tuple[RegisterEntry, ...] = ()
    activity_kind: ActivityKind = "club"
    printed_by: str = ""


def render_registers(sheets: Sequence[tuple[RegisterSheet, SheetKind]], at: dt.datetime) -> bytes:
    """One PDF of all the sheets, each from a new page with its own "Page 1 of 2"; raises `ValueError` for none."""
    return render_sheets(
        [sheet_data(sheet, kind) for sheet, kind in sheets], sorted({one.date for one, _ in sheets}), at
    )


def render_sheets(sheets: Sequence[dict[str, Any]], days: Sequence[dt.date], at: dt.datetime) -> bytes:
    """One PDF of sheets of either shape that are ready for the template; `days` are those that its title names."""
    if not sheets:
        raise ValueError("there is no register to print")
    title = "Registers for " + " to ".join(dict.fromkeys(map(full_day, (days[0], days[-1]))))
    return pdf.render("register.typ", {"title": title, "sheets": list(sheets)}, at=at)


def sheet_data(sheet: RegisterSheet, kind: SheetKind) -> dict[str, Any]:
    """One register as the template takes it."""
    shape, shape_words = SLOTS[sheet.activity_kind]
    head = {
        "school": sheet.school,
        "activity": sheet.activity,
        "room": sheet.room,
        "leader": sheet.leader,
        "printed": printed_words(sheet.printed_at, sheet.printed_by, sheet.date),
    }
    build = {"door": _door_row, "leader": _leader_row, "provider": _provider_row}[kind]
    return {
        **head,
        "kind": kind,
        "label": LABELS[kind],
        "shape": shape,
        "shape_words": shape_words,
        "date": full_day(sheet.date),
        "times": f"{_wall(sheet.starts_at)} to {_wall(sheet.ends_at)}",
        "destroy_after": plain_day(sheet.destroy_after),
        "expected": str(sum(entry.absent is None for entry in sheet.entries)),
        "has_holes": has_holes(head.values()),
        "rows": [build(number, entry) for number, entry in enumerate(sheet.entries, start=1)],
    }


def _door_row(number: int, entry: RegisterEntry) -> dict[str, Any]:
    today = entry.today + (("Collected by somebody else today",) if entry.collected_today else ())
    return {
        "kind": "door",
        "number": str(number),
        "name": entry.name,
        "class": entry.class_name,
        "unpaid": entry.status == "not yet paid",
        "check": bool(entry.do_not_release_to),
        "today": list(today),
        "in": _mark(entry.in_at),
        "out": _mark(entry.out_at),
        "absent": None if entry.absent is None else "",
        "has_holes": has_holes((entry.name, entry.class_name, *today)),
    }


def _provider_row(number: int, entry: RegisterEntry) -> dict[str, Any]:
    """Name, class and safety needs: no money, no diet, no support, no adult by name, no reason for being away.

    A child with whom somebody else goes today is checked before release, as one whom somebody must not collect.
    """
    row = _door_row(number, entry)
    return {
        **row,
        "kind": "provider",
        "today": list(entry.today),
        "check": row["check"] or bool(entry.collected_today),
        "unpaid": False,
        "year": "",
        "allergies": _told(entry.allergies),
        "medical": entry.medical.strip(),
        "barred": [],
        "is_long": len("".join(entry.allergies)) + len(entry.medical) > _LONG_ROW,
        "has_holes": row["has_holes"] or has_holes((*entry.allergies, entry.medical)),
    }


def _leader_row(number: int, entry: RegisterEntry) -> dict[str, Any]:
    care = (
        *entry.allergies,
        entry.medical,
        *entry.diet,
        entry.support,
        *entry.may_collect,
        *entry.do_not_release_to,
        _alone(entry.goes_home_alone),
        (entry.absent or "").strip(),
        entry.collected_today,
    )
    row = _door_row(number, entry)
    collector = (f"Today: collected by {entry.collected_today}",) if entry.collected_today else ()
    return {
        **row,
        "kind": "leader",
        "today": [*entry.today, *collector],
        "absent": None if entry.absent is None else entry.absent.strip(),
        "year": entry.year_label,
        "allergies": _told(entry.allergies),
        "medical": entry.medical.strip(),
        "diet": _told(entry.diet),
        "support": entry.support.strip(),
        "may_collect": _told(entry.may_collect),
        "stale": entry.is_stale,
        "barred": _told(entry.do_not_release_to),
        "alone": _alone(entry.goes_home_alone),
        "is_long": sum(map(len, care)) > _LONG_ROW,
        "has_holes": row["has_holes"] or has_holes((*care, entry.year_label)),
    }


def _told(parts: Iterable[str]) -> list[str]:
    return [part.strip() for part in parts if part.strip()]


def _alone(answer: bool | str) -> str:
    if isinstance(answer, str):
        return f"Yes: {answer.strip()}" if answer.strip() else "No"
    return "Yes" if answer else "No"


def printed_words(printed_at: dt.datetime, by: str, day: dt.date) -> str:
    """When a sheet of a day was printed, and by whom; the date only where it is another one."""
    there = clock.to_school(printed_at)
    when = _wall(there.time()) if there.date() == day else f"{_wall(there.time())}, {full_day(there.date())}"
    return f"{when} by {by}" if by else when


def _mark(at: dt.datetime | None) -> str | None:
    return None if at is None else _wall(clock.to_school(at).time())


def _wall(moment: dt.time) -> str:
    return f"{moment:%H:%M}"


def has_holes(texts: Iterable[str]) -> bool:
    """Whether a letter of these texts cannot be printed by any font here."""
    return bool(fonts.unprintable("".join(texts)))
