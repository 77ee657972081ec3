"""What must always be true of medicine given: two people, and no dose within its interval without a kept reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from booking.core.db import db
from booking.people.medicine_models import Medicine
from booking.people.medicines import same_medicine
from booking.registers.dose_models import MedicineGiven


def dose_problems() -> Iterator[str]:
    """Doses that break it, one sentence each, for `booking check`; by the terms of each dose’s own agreement."""
    taken_back = select(MedicineGiven.undoes_id).where(MedicineGiven.undoes_id.is_not(None))
    rows = db.session.execute(
        select(MedicineGiven, Medicine)
        .join(Medicine, Medicine.id == MedicineGiven.medicine_id)
        .where(MedicineGiven.undoes_id.is_(None), MedicineGiven.id.not_in(taken_back))
        .order_by(MedicineGiven.pupil_id, MedicineGiven.given_at, MedicineGiven.id)
    )
    before: dict[int, list[MedicineGiven]] = {}
    for dose, medicine in rows:
        if medicine.pupil_id != dose.pupil_id:
            yield f"dose {dose.id}: given to pupil {dose.pupil_id} by the agreement for another child"
        every = timedelta(minutes=medicine.every_minutes)
        for other in before.setdefault(dose.pupil_id, []):
            is_close = dose.given_at - other.given_at < every and same_medicine(dose.name, other.name)
            if is_close and not dose.why and not other.why:
                yield f"dose {dose.id}: within the interval of dose {other.id}, and no reason is kept"
        before[dose.pupil_id].append(dose)
