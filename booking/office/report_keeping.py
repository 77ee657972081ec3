"""How long accidents, near misses, medicine and notes are kept: to the child's 25th birthday, notes as a register.

The day stands on each row since it was written (`keep_until`), because an erased child keeps only the year of birth. A
birthday that was put right since counts too: the later of both. A legal hold keeps everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from booking.core import clock
from booking.core.db import db
from booking.office.column_classes import retention_rules
from booking.office.legal_holds import held_pupils
from booking.people.medicine_models import Medicine
from booking.people.models import Pupil
from booking.registers.dose_models import MedicineGiven
from booking.registers.incident_models import ChildNote, Incident
from booking.registers.incidents import keep_until

Keyed = Sequence[int | str]


def _days_of(keeps: str) -> timedelta:
    return timedelta(days=int(retention_rules()[keeps].days))


def due_reports(at: datetime) -> Keyed:
    """Accidents, near misses and doses whose time is over, as `incident 5` or `medicine_given 7`."""
    today, held, found = clock.today(at), held_pupils(), list[str]()
    for model in (Incident, MedicineGiven):
        rows = db.session.execute(
            select(model.id, model.pupil_id, Pupil)
            .outerjoin(Pupil, Pupil.id == model.pupil_id)
            .where(model.keep_until <= today)
            .order_by(model.id)
        )
        for row_id, pupil_id, pupil in rows:
            is_young = pupil is not None and keep_until(pupil) > today
            if pupil_id not in held and not is_young:
                found.append(f"{model.__tablename__} {row_id}")
    return found


def drop_reports(keys: Keyed, _at: datetime) -> None:
    """Take them away, with what was added to them and who read them; agreements that nothing needs any more go too."""
    ids: dict[str, list[int]] = {"incident": [], "medicine_given": []}
    for key in keys:
        kind, _, row_id = str(key).partition(" ")
        ids[kind].append(int(row_id))
    children = set(
        db.session.scalars(select(MedicineGiven.pupil_id).where(MedicineGiven.id.in_(ids["medicine_given"])))
    )
    backs = (MedicineGiven.id.in_(ids["medicine_given"]), MedicineGiven.undoes_id.is_not(None))
    db.session.execute(delete(MedicineGiven).where(*backs))
    db.session.execute(delete(MedicineGiven).where(MedicineGiven.id.in_(ids["medicine_given"])))
    db.session.execute(delete(Incident).where(Incident.id.in_(ids["incident"])))
    for pupil_id in children:
        forget_unused(pupil_id)


def forget_unused(pupil_id: int) -> None:
    """Take away what a family agreed to and was never given."""
    used = select(MedicineGiven.medicine_id).where(MedicineGiven.pupil_id == pupil_id)
    db.session.execute(delete(Medicine).where(Medicine.pupil_id == pupil_id, Medicine.id.not_in(used)))


def due_agreements(at: datetime) -> Keyed:
    """Children who have left so long ago, with agreements to medicine that was never given."""
    used, held = select(MedicineGiven.medicine_id), held_pupils()
    rows = db.session.scalars(
        select(Medicine.pupil_id)
        .join(Pupil, Pupil.id == Medicine.pupil_id)
        .where(
            Pupil.status == "left",
            Pupil.left_on <= clock.today(at) - _days_of("care"),
            Medicine.id.not_in(used),
        )
        .distinct()
        .order_by(Medicine.pupil_id)
    )
    return [pupil_id for pupil_id in rows if pupil_id not in held]


def drop_agreements(pupil_ids: Keyed, _at: datetime) -> None:
    """Take those agreements away."""
    for pupil_id in pupil_ids:
        forget_unused(int(pupil_id))


def due_notes(at: datetime) -> Keyed:
    """Notes on a child's day that are as old as a register may be."""
    before, held = at - _days_of("registers"), held_pupils()
    rows = db.session.execute(
        select(ChildNote.id, ChildNote.pupil_id).where(ChildNote.at < before).order_by(ChildNote.id)
    )
    return [row.id for row in rows if row.pupil_id not in held]


def drop_notes(ids: Keyed, _at: datetime) -> None:
    """Take those notes away."""
    db.session.execute(delete(ChildNote).where(ChildNote.id.in_([int(one) for one in ids])))


REPORT_RULES = (
    ("reports", "to_25", "Accidents, near misses and medicine given", due_reports, drop_reports),
    ("medicine", "care", "Medicine of leavers that was never given", due_agreements, drop_agreements),
    ("notes", "registers", "Notes on a child’s day", due_notes, drop_notes),
)
"""Name, how long, words, what is due, and what takes it away, as the retention rules want them."""


def what_stays(pupil_id: int) -> dict[str, int]:
    """What an erasure leaves, because the law asks for it: how many reports and doses of a child, and of which kind."""
    found = {}
    for words, model in (("accidents and near misses", Incident), ("medicine given", MedicineGiven)):
        count = len(db.session.scalars(select(model.id).where(model.pupil_id == pupil_id)).all())
        if count:
            found[words] = count
    return found


def forget_notes(pupil_id: int) -> None:
    """Of an erased child: notes go, and agreements that nothing was given by."""
    db.session.execute(delete(ChildNote).where(ChildNote.pupil_id == pupil_id))
    forget_unused(pupil_id)
