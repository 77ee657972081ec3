"""The firms that pay childcare vouchers: added, renamed, ended; a firm that has paid is never deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.payments.models import VoucherFirm


class FirmKnown(BookingError):
    """There is a firm of this name already; nothing was changed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a firm called {name} already. Nothing was changed.")


@dataclass(frozen=True)
class FirmDetails:
    """What the office says of a firm; `our_number` is the school's own number there."""

    name: str
    our_number: str
    ended_on: date | None


def voucher_firms() -> list[VoucherFirm]:
    """All firms by name, those that have ended among them: their money may still come."""
    return list(db.session.scalars(select(VoucherFirm).order_by(VoucherFirm.name, VoucherFirm.id)))


def save_firm(firm_id: int | None, details: FirmDetails, *, at: datetime, user_id: int | None) -> VoucherFirm:
    """Add a firm, or change one; raises `FirmKnown` for a name that another has, whatever its capitals."""
    alike = select(VoucherFirm.id).where(func.lower(VoucherFirm.name) == details.name.lower())
    if any(known != firm_id for known in db.session.scalars(alike)):
        raise FirmKnown(details.name)
    firm = VoucherFirm() if firm_id is None else db.session.get(VoucherFirm, firm_id)
    if firm is None:
        raise NotFound
    firm.name, firm.our_number, firm.ended_on = details.name, details.our_number, details.ended_on
    db.session.add(firm)
    db.session.flush()
    record("voucher_firm_saved", "voucher_firm", firm.id, at=at, user_id=user_id)
    return firm
