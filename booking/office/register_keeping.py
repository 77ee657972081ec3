"""How long registers are kept: as the school keeps its attendance; marks, calls, handovers and the hours of staff alike.

What a family paid for stands in places and the ledger, and facts for equity in the request log: neither needs the marks.
A legal hold keeps everything of its child.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from booking.core.db import db
from booking.office.column_classes import retention_rules
from booking.office.legal_holds import held_pupils
from booking.provision.staff_models import StaffMark
from booking.registers.call_models import CallLog, CustodyAct, Handover
from booking.registers.models import Mark, MarkCorrection

Keyed = Sequence[int | str]
OF_CHILDREN = (Mark, MarkCorrection, CallLog, CustodyAct, Handover)


def _before(at: datetime) -> datetime:
    return at - timedelta(days=int(retention_rules()["registers"].days))


def due_registers(at: datetime) -> Keyed:
    """What happened at the door so long ago, as `mark 5` or `handover 7`, less what a legal hold keeps."""
    held, found = held_pupils(), list[str]()
    for model in OF_CHILDREN:
        rows = db.session.execute(
            select(model.id, model.pupil_id).where(model.at < _before(at)).order_by(model.id)
        )
        found += [f"{model.__tablename__} {row.id}" for row in rows if row.pupil_id not in held]
    return found


def drop_registers(keys: Keyed, _at: datetime) -> None:
    """Take it away."""
    ids: dict[str, list[int]] = defaultdict(list)
    for key in keys:
        table, _, row_id = str(key).partition(" ")
        ids[table].append(int(row_id))
    for model in OF_CHILDREN:
        db.session.execute(delete(model).where(model.id.in_(ids[model.__tablename__])))


def due_staff_marks(at: datetime) -> Keyed:
    """When staff came and went so long ago."""
    query = select(StaffMark.id).where(StaffMark.at < _before(at)).order_by(StaffMark.id)
    return list(db.session.scalars(query))


def drop_staff_marks(ids: Keyed, _at: datetime) -> None:
    """Take it away, with what took any of it back."""
    wanted = [int(one) for one in ids]
    db.session.execute(
        delete(StaffMark).where(or_(StaffMark.id.in_(wanted), StaffMark.undoes_id.in_(wanted)))
    )


REGISTER_RULES = (
    ("registers", "registers", "Marks at the door, calls and handovers", due_registers, drop_registers),
    ("staff marks", "registers", "When staff came and went", due_staff_marks, drop_staff_marks),
)
"""Name, how long, words, what is due, and what takes it away, as the retention rules want them."""
