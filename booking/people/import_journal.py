"""Writes down what an import or a roll-over changed, by looking at the rows of its pupils before and after.

Nothing can be forgotten by whoever writes the change: the two looks are held against each other, row by row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, insert, select

from booking.core.db import Base, db, table_of
from booking.core.vault import SealedRow, unpacked
from booking.people.group_facts import GroupFact
from booking.people.import_runs import ImportChange, ImportRun
from booking.people.models import Contact, Invitation, Pupil

KEPT_FOR = timedelta(days=92)
"""A run can be taken back for so long; then what stood there before is forgotten."""
AT_ONCE = 5_000
WATCHED: dict[str, type[Base]] = {
    model.__tablename__: model for model in (Pupil, Contact, Invitation, GroupFact)
}
"""The tables that imports and roll-overs write, those that are pointed at first."""


@dataclass(frozen=True)
class Seen:
    """One row as it stood: whose it is, and its values, opened where they are sealed."""

    pupil_id: int
    values: dict[str, Any]

    @property
    def digest(self) -> str:
        """Changes when a value does."""
        return hashlib.sha256(json.dumps(self.values, sort_keys=True).encode()).hexdigest()


Look = dict[tuple[str, int], Seen]


def look_at(pupil_ids: Collection[int]) -> Look:
    """The rows of these pupils that an import may touch; contacts that a parent gave are none of them."""
    found: Look = {}
    for ids in in_batches(sorted(pupil_ids)):
        queries = {
            "pupil": _columns(Pupil, Pupil.id).where(Pupil.id.in_(ids)),
            "contact": _columns(Contact, Contact.pupil_id).where(
                Contact.pupil_id.in_(ids), Contact.given_by_id.is_(None)
            ),
            "invitation": _columns(Invitation, Contact.pupil_id)
            .join(Contact, Contact.id == Invitation.contact_id)
            .where(Contact.pupil_id.in_(ids)),
            "group_fact": _columns(GroupFact, GroupFact.pupil_id).where(GroupFact.pupil_id.in_(ids)),
        }
        for name, query in queries.items():
            found |= read_rows(WATCHED[name], query)
    return found


def rows_of(name: str, ids: Iterable[int]) -> Look:
    """Rows of a watched table as they stand now, by their ids alone."""
    found: Look = {}
    model = WATCHED[name]
    key = table_of(model).c.id
    for some in in_batches(sorted(ids)):
        found |= read_rows(model, _columns(model, key).where(key.in_(some)))
    return found


def read_rows(model: type[Base], query: Select[Any]) -> Look:
    """The rows of a query made by `_columns`: the pupil's id comes first."""
    table = table_of(model)
    found: Look = {}
    for pupil_id, *cells in db.session.execute(query):
        values = {column.name: _plain(cell) for column, cell in zip(table.columns, cells, strict=True)}
        if issubclass(model, SealedRow):
            sealed = cells[list(table.columns.keys()).index("sealed")]
            values |= {"sealed": unpacked(model, values["row_key"], sealed)}
        found[table.name, values["id"]] = Seen(pupil_id, values)
    return found


def _columns(model: type[Base], pupil_id: Any) -> Select[Any]:
    return select(pupil_id.label("of_pupil"), *table_of(model).columns)


def _plain(value: Any) -> Any:
    """A cell as it can stand in JSON; sealed bytes are left out, for what is in them is kept opened."""
    if isinstance(value, date):
        return value.isoformat()
    return None if isinstance(value, bytes) else value


def in_batches(values: Collection[Any]) -> Iterator[list[Any]]:
    """The values in lists that a statement can take."""
    ordered = list(values)
    return (ordered[first : first + AT_ONCE] for first in range(0, len(ordered), AT_ONCE))


def write_journal(run: ImportRun, before: Look, pupil_ids: Collection[int]) -> None:
    """Keep what became different of these pupils since the first look, with the run, in its unit of work."""
    db.session.flush()
    after = look_at(pupil_ids)
    forgotten = {key for key in before if key not in after}
    for name in {name for name, _ in forgotten}:
        after |= rows_of(name, [row_id for table, row_id in forgotten if table == name])
    rows = [ImportChange.row(run_id=run.id, **change) for change in _changes(before, after)]
    for some in in_batches(rows):
        db.session.execute(insert(ImportChange), some)


def _changes(before: Look, after: Look) -> Iterator[dict[str, Any]]:
    for (name, row_id), seen in {**before, **after}.items():
        old, new = before.get((name, row_id)), after.get((name, row_id))
        if old is not None and new is not None and old.values == new.values:
            continue
        act = "added" if old is None else "removed" if new is None else "changed"
        yield {
            "pupil_id": (old or seen).pupil_id,
            "table_name": name,
            "row_id": row_id,
            "act": act,
            "before": old.values if old else None,
            "after": new.digest if new else None,
        }


def forget_old_changes(at: datetime) -> None:
    """Forget what stood there before runs that are too old to be taken back, and those that were."""
    runs = select(ImportRun.id).where(
        (ImportRun.made_at < at - KEPT_FOR) | ImportRun.state.in_(("undone", "refused"))
    )
    db.session.execute(delete(ImportChange).where(ImportChange.run_id.in_(runs)))
