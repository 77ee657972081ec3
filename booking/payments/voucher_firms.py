"""Voucher firms as the office keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.payments.models import VoucherFirm


class FirmKnown(BookingError):
    """There is a firm of this name; nothing was saved."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is in the list already. Nothing was saved.")


@dataclass(frozen=True)
class FirmDetails:
    """A voucher firm as the office enters it."""

    name: str
    our_number: str
    ended_on: date | None


def keep_firm(firm_id: int | None, details: FirmDetails, *, at: datetime, user_id: int | None) -> VoucherFirm:
    """Enter or change a firm; raises `FirmKnown` for a name twice and `NotFound`."""
    other = db.session.scalars(select(VoucherFirm).where(VoucherFirm.name == details.name)).first()
    if other is not None and other.id != firm_id:
        raise FirmKnown(details.name)
    firm = db.session.get(VoucherFirm, firm_id) if firm_id else VoucherFirm()
    if firm is None:
        raise NotFound
    firm.name, firm.our_number, firm.ended_on = details.name, details.our_number, details.ended_on
    db.session.add(firm)
    db.session.flush()
    record("voucher_firm_saved", "voucher_firm", firm.id, at=at, user_id=user_id)
    return firm
