"""An access request answered at once: everything held about a person and their children, less what is not theirs.

Made from the column classes: of each table that belongs to a person or a child only the columns classed `own` or
`child` are shown, and what another adult gave or booked is left out. A child whom a restriction closes to the asker is
not in it at all. A column that has no class cannot come in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import joinedload

from booking.core import audit, clock
from booking.core.access_log import CARE, COLLECTION, CONTACTS, GROUPS, note_access
from booking.core.db import Base, db
from booking.core.pdf import render
from booking.core.vault import sealed_models, unpacked
from booking.core.words import day
from booking.office.column_classes import TableClass, column_classes, table_classes
from booking.people.models import Pupil, School, User
from booking.people.restrictions import open_ties
from booking.provision.models import Run, Session
from booking.provision.staff_models import StaffRecord

SHOWN = frozenset({"own", "child"})
OTHERS = "booked by someone else"
Row = dict[str, Any]


@dataclass(frozen=True)
class Asker:
    """Who asks, and what is theirs: their own id, the children who are open to them, their accounts and record."""

    user: User
    pupils: tuple[Pupil, ...]
    account_ids: frozenset[int]
    staff_ids: frozenset[int] = frozenset()

    @property
    def pupil_ids(self) -> frozenset[int]:
        """The ids of those children."""
        return frozenset(pupil.id for pupil in self.pupils)


def asker_of(user: User, at: datetime) -> Asker:
    """What is a user's today: ties that a restriction closes are not in it."""
    ties = open_ties(user, clock.today(at))
    accounts = frozenset(account.id for account in user.accounts)
    staff = frozenset(db.session.scalars(select(StaffRecord.id).where(StaffRecord.user_id == user.id)))
    return Asker(user, tuple(tie.pupil for tie in ties), accounts, staff)


def what_is_held(user: User, *, at: datetime) -> dict[str, Any]:
    """Everything held about a user and their children, by table, as plain values; in one moment's state."""
    asker = asker_of(user, at)
    tables = {table.name: table for table in Base.metadata.sorted_tables}
    found: dict[str, Any] = {}
    for name, known in sorted(table_classes().items()):
        rows = list(_rows_of(tables[name], known, asker))
        if rows:
            found[name] = rows
    school = db.session.scalars(select(School)).first()
    return {
        "school": school.name if school else "",
        "made_at": at.isoformat(),
        "about": user.name,
        "children": [pupil.full_name for pupil in asker.pupils],
        "left_out": "What other adults told the school, and who they are, is left out by law.",
        "held": found,
    }


def export(user: User, *, at: datetime, by_id: int) -> dict[str, Any]:
    """The same, noted in the log and the audit trail, in the caller's unit of work."""
    pupil_ids = asker_of(user, at).pupil_ids
    fields = [CARE, COLLECTION, CONTACTS, GROUPS]
    note_access(pupil_ids, fields, act="export", reason="access request", at=at, user_id=by_id)
    audit.record("access_request", "user", user.id, at=at, user_id=by_id)
    return what_is_held(user, at=at)


def _rows_of(table: Table, known: TableClass, asker: Asker) -> Iterable[Row]:
    """The rows of a table that are the asker's or a child's, shown column by column."""
    if known.tie == "none":
        return
    column = table.c[known.tie_column]
    ids: Collection[int] = {
        "user": [asker.user.id],
        "child": asker.pupil_ids,
        "account": asker.account_ids,
        "staff": asker.staff_ids,
    }[known.tie]
    query = select(table).where(column.in_(ids)).order_by(*table.primary_key.columns)
    for row in db.session.execute(query).mappings():
        shown = _shown(table.name, known, row, asker)
        if shown:
            yield shown


def _shown(name: str, known: TableClass, row: Mapping[Any, Any], asker: Asker) -> Row:
    """The columns that may be seen; another adult's words are left out, and their bookings lose who and where."""
    is_others = _is_anothers(known, row, asker)
    if is_others and known.giver_column != "account_id":
        return {}
    classes = column_classes()
    shown: Row = {}
    if known.tie == "child" and name != "pupil":
        shown["child"] = next(p.full_name for p in asker.pupils if p.id == row[known.tie_column])
    if is_others:
        return {**shown, **_session_words(row.get("session_id")), "note": OTHERS}
    for column, value in row.items():
        kind = classes[name, column]
        is_own_word = (
            kind == "third_party" and known.giver_column in row and row[known.giver_column] == asker.user.id
        )
        if kind not in SHOWN and not is_own_word:
            continue
        if column == "sealed":
            shown |= _opened(name, row)
        elif column == "session_id":
            shown |= _session_words(value)
        elif value is not None:
            shown[column] = _plain(value)
    return shown


def _is_anothers(known: TableClass, row: Mapping[Any, Any], asker: Asker) -> bool:
    """Whether an adult other than the asker (or another account) gave this row; the school's own is nobody's."""
    if not known.giver_column or row[known.giver_column] is None:
        return False
    if known.giver_column == "account_id":
        return row["account_id"] not in asker.account_ids
    return bool(row[known.giver_column] != asker.user.id)


def _opened(name: str, row: Mapping[Any, Any]) -> Row:
    model = next(one for one in sealed_models() if one.__tablename__ == name)
    return unpacked(model, row["row_key"], row["sealed"])


def _session_words(session_id: int | None) -> Row:
    """A session as a family knows it."""
    if session_id is None:
        return {}
    session = db.session.get(Session, session_id, options=[joinedload(Session.run).joinedload(Run.activity)])
    return {"session": f"{session.run.activity.name}, {day(session.date)}"} if session else {}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return clock.to_school(value).strftime("%Y-%m-%d %H:%M")
    return value.isoformat() if isinstance(value, date | time) else value


def as_pdf(held: Mapping[str, Any], *, at: datetime) -> bytes:
    """The same on paper, a heading for each kind of thing."""
    sections = [
        {"title": name.replace("_", " ").capitalize(), "rows": [_lines(row) for row in rows]}
        for name, rows in held["held"].items()
    ]
    data = {
        "title": f"What {held['school'] or 'the school'} holds about {held['about']}",
        "school": held["school"],
        "about": held["about"],
        "children": ", ".join(held["children"]),
        "left_out": held["left_out"],
        "made": clock.to_school(at).strftime("%d/%m/%Y, %H:%M"),
        "sections": sections,
    }
    return render("access_request.typ", data, at=at)


def _lines(row: Row) -> list[list[str]]:
    return [
        [key.replace("_", " ").capitalize(), _said(value)]
        for key, value in row.items()
        if value not in ("", [], None)
    ]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {part}" for key, part in value.items() if part)
    return str(value)
