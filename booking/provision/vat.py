"""How VAT looks at an activity on a day, and the part of a price that is VAT: prices are what families pay, all in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError
from booking.provision.models import VatTreatment

WORDS = {"non_business": "Non-business", "exempt": "Exempt", "standard": "Standard-rated"}
NOT_DECIDED = "Not decided"
WHOLE = 10_000


class DecidedAlready(BookingError):
    """There is a decision for this activity from the same day; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("Something is decided from that day already. Nothing was saved. Choose another day.")


@dataclass(frozen=True)
class Treatment:
    """A treatment in code and words, with its rate in hundredths of a per cent; an empty code means not decided."""

    code: str
    rate_basis_points: int

    @property
    def words(self) -> str:
        """`Standard-rated, 20 %`, or that nobody has decided."""
        if not self.rate_basis_points:
            return WORDS.get(self.code, NOT_DECIDED)
        whole, rest = divmod(self.rate_basis_points, 100)
        return f"{WORDS[self.code]}, {whole}{f'.{rest:02d}'.rstrip('0') if rest else ''} %"

    def vat_in(self, gross_pence: int) -> int:
        """The VAT within an amount, to the nearest penny, half a penny up; the same for money that goes back."""
        part = abs(gross_pence) * self.rate_basis_points
        by = WHOLE + self.rate_basis_points
        vat_pence = (2 * part + by) // (2 * by)
        return vat_pence if gross_pence >= 0 else -vat_pence


NOBODY_DECIDED = Treatment("", 0)


class Treatments:
    """All decisions about some activities, asked by activity and day."""

    def __init__(self, rows: Collection[VatTreatment]) -> None:
        self._by_activity: dict[int, list[VatTreatment]] = {}
        for row in sorted(rows, key=lambda row: row.from_on, reverse=True):
            self._by_activity.setdefault(row.activity_id, []).append(row)

    def of(self, activity_id: int | None, on: date) -> Treatment:
        """What holds for an activity on a day: the newest decision that had begun."""
        for row in self._by_activity.get(activity_id or 0, ()):
            if row.from_on <= on:
                return Treatment(row.treatment, row.rate_basis_points)
        return NOBODY_DECIDED


def all_treatments() -> Treatments:
    """Every decision there is, in one query."""
    return Treatments(db.session.scalars(select(VatTreatment)).all())


def treatments_of(activity_id: int) -> list[VatTreatment]:
    """The decisions about one activity, newest first."""
    rows = select(VatTreatment).where(VatTreatment.activity_id == activity_id)
    return list(db.session.scalars(rows.order_by(VatTreatment.from_on.desc())))


def decide_vat(
    activity_id: int,
    from_on: date,
    treatment: Treatment,
    *,
    decided_by: str,
    evidence: str,
    at: datetime,
    user_id: int | None,
) -> VatTreatment:
    """Write down how VAT looks at an activity from a day on; raises `DecidedAlready`. Nothing is ever overwritten."""
    if any(row.from_on == from_on for row in treatments_of(activity_id)):
        raise DecidedAlready
    row = VatTreatment(
        activity_id=activity_id,
        from_on=from_on,
        treatment=treatment.code,
        rate_basis_points=treatment.rate_basis_points,
        decided_by=decided_by,
        evidence=evidence,
        at=at,
        user_id=user_id,
    )
    db.session.add(row)
    db.session.flush()
    record("vat_decided", "activity", activity_id, at=at, user_id=user_id, treatment=treatment.code)
    return row
