"""Takes an import or a roll-over back: exactly what stood there before, or nothing when a row was touched since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, delete, select
from sqlalchemy.exc import IntegrityError

from booking.core.audit import record
from booking.core.db import Base, UtcDateTime, db, table_of
from booking.core.errors import BookingError, NotFound
from booking.core.jobs import Job
from booking.core.vault import SealedRow
from booking.people.import_journal import KEPT_FOR, WATCHED, Look, in_batches, rows_of
from booking.people.import_roll import take_turn
from booking.people.import_runs import ImportChange, ImportRun
from booking.people.models import Pupil

MOST_NAMED = 20
ROW_WORDS = {
    "pupil": "the pupil’s own record",
    "contact": "a contact",
    "invitation": "an invitation",
    "group_fact": "a group fact",
}


class CannotUndo(BookingError):
    """The run cannot be taken back, or a row was touched since; nothing was changed, and each row is a line."""


def undo_run(run_id: int, *, at: datetime, user_id: int | None) -> ImportRun:
    """Bring back what stood before a run, in the caller's unit of work; raises `CannotUndo` and `NotFound`.

    One that still waits is simply called off.
    """
    take_turn()
    run = db.session.get(ImportRun, run_id)
    if run is None:
        raise NotFound
    if run.state == "waiting":
        _call_off(run, at)
    elif run.state != "applied":
        raise CannotUndo("This was undone already." if run.state == "undone" else "Nothing was done here.")
    elif run.made_at < at - KEPT_FOR:
        raise CannotUndo(f"This is more than {KEPT_FOR.days} days ago. What was before is not kept any more.")
    else:
        _bring_back(run)
    run.move("undone")
    run.undone_at, run.undone_by_id = at, user_id
    db.session.flush()
    record("undone", "import_run", run.id, at=at, user_id=user_id)
    return run


def last_run_id() -> int:
    """The newest run that was done and not taken back; raises `NotFound`."""
    found = db.session.scalars(
        select(ImportRun.id).where(ImportRun.state == "applied").order_by(ImportRun.id.desc())
    ).first()
    if found is None:
        raise NotFound
    return found


def _call_off(run: ImportRun, at: datetime) -> None:
    job = db.session.get(Job, run.job_id) if run.job_id else None
    if job is not None and job.claimed_until is not None and job.claimed_until > at:
        raise CannotUndo("It is being done just now. Wait until it is finished, then undo it.")
    if job is not None:
        job.finished_at = at


def _bring_back(run: ImportRun) -> None:
    changes = list(db.session.scalars(select(ImportChange).where(ImportChange.run_id == run.id)))
    now: Look = {}
    for name in WATCHED:
        now |= rows_of(name, [change.row_id for change in changes if change.table_name == name])
    touched = [change for change in changes if _is_touched(change, now)]
    found = [(change.pupil_id, ROW_WORDS[change.table_name]) for change in touched]
    found += _pointed_at(changes)
    if found:
        raise CannotUndo(_touched_words(found))
    added, before = (
        _by_table(changes, "added"),
        {act: _by_table(changes, act) for act in ("changed", "removed")},
    )
    try:
        for name in reversed(WATCHED):
            for some in in_batches(sorted(added[name])):
                key = table_of(WATCHED[name]).c.id
                db.session.execute(delete(WATCHED[name]).where(key.in_(some)))
        db.session.expire_all()
        for name, model in WATCHED.items():
            _restore(model, before["changed"][name])
            db.session.add_all(model(**_values(model, old)) for old in before["removed"][name].values())
            db.session.flush()
    except IntegrityError as error:
        raise CannotUndo("This cannot be undone: a UPN that it would bring back is in use.") from error


def _by_table(changes: Iterable[ImportChange], act: str) -> dict[str, dict[int, dict[str, Any]]]:
    """What stood before, by table and row; empty for what was added."""
    found: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in WATCHED}
    for change in changes:
        if change.act == act:
            found[change.table_name][change.row_id] = change.before or {}
    return found


def _is_touched(change: ImportChange, now: Look) -> bool:
    """Whether a row is not as the run left it; for one that it removed: whether its number is taken."""
    seen = now.get((change.table_name, change.row_id))
    return (seen.digest if seen else None) != change.after


def _pointed_at(changes: Sequence[ImportChange]) -> list[tuple[int, str]]:
    """What came to the added pupils and contacts since, such as a booking or a guardian: these must not hang."""
    added = {
        (change.table_name, change.row_id): change.pupil_id for change in changes if change.act == "added"
    }
    found = []
    for table in Base.metadata.sorted_tables:
        if table.name == ImportChange.__tablename__:
            continue
        for column in table.columns:
            targets = {key.column.table.name for key in column.foreign_keys} & {"pupil", "contact"}
            for target in targets:
                mine = {row_id: pupil_id for (name, row_id), pupil_id in added.items() if name == target}
                for some in in_batches(sorted(mine)):
                    own = table.c.id if "id" in table.c else column
                    for row_id, pointed in db.session.execute(select(own, column).where(column.in_(some))):
                        if (table.name, row_id) not in added:
                            words = ROW_WORDS.get(table.name, table.name.replace("_", " "))
                            found.append((mine[pointed], words))
    return found


def _touched_words(found: Iterable[tuple[int, str]]) -> str:
    """Who and what stands in the way, a line for each."""
    lines = sorted(set(found))
    names = {
        pupil.id: pupil.full_name
        for pupil in db.session.scalars(
            select(Pupil).where(Pupil.id.in_({pupil_id for pupil_id, _ in lines}))
        )
    }
    told = [f"{names.get(pupil_id, 'A pupil')}: {words}" for pupil_id, words in lines[:MOST_NAMED]]
    if len(lines) > MOST_NAMED:
        told.append(f"and {len(lines) - MOST_NAMED} more")
    head = "This cannot be undone, for these were changed or used since. Nothing was changed."
    return "\n".join([head, *told])


def _restore(model: type[Any], before: Mapping[int, Mapping[str, Any]]) -> None:
    for some in in_batches(sorted(before)):
        for row in db.session.scalars(select(model).where(model.id.in_(some))):
            for name, value in _values(model, before[row.id]).items():
                if getattr(row, name) != value:
                    setattr(row, name, value)


def _values(model: type[Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Kept values as a model takes them: days and instants again, and what was sealed under its own names."""
    values = dict(before)
    if issubclass(model, SealedRow):
        values |= values.pop("sealed")
    for column in table_of(model).columns:
        told = values.get(column.name)
        if told is not None and isinstance(column.type, UtcDateTime):
            values[column.name] = datetime.fromisoformat(told)
        elif told is not None and isinstance(column.type, Date):
            values[column.name] = date.fromisoformat(told)
    return values
