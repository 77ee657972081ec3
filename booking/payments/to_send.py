"""The lines that a family copies when it pays by Tax-Free Childcare or vouchers: reference, amount and date."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.payments.models import VoucherFirm
from booking.payments.promises import SCHEMES, Owed, what_is_owed
from booking.payments.references import references_of
from booking.people.models import Pupil
from booking.people.restrictions import closed_to_accounts


@dataclass(frozen=True)
class ToSend:
    """One amount that is still to come; for a child with its reference (when told), or from a firm with our number there.

    `child` is empty for vouchers, and for a child whom a restriction closes to this family.
    """

    payment_id: int
    tender: str
    pupil_id: int | None
    child: str
    reference: str | None
    firm: str
    our_number: str
    amount_pence: int
    due_on: date
    is_late: bool
    booking: str | None


def to_send(account_id: int, *, at: datetime) -> list[ToSend]:
    """What a family still has to send by Tax-Free Childcare or vouchers, the earliest due first."""
    return lines_to_send(account_id, what_is_owed(account_id, at=at), at=at)


def lines_to_send(account_id: int, owed: Collection[Owed], *, at: datetime) -> list[ToSend]:
    """The same of what is owed and known already; what is paid at the office is not in it."""
    wanted = [one for one in owed if one.tender in SCHEMES]
    if not wanted:
        return []
    closed = closed_to_accounts({account_id}, clock.today(at))
    open_pupils = {one.pupil_id for one in wanted if one.pupil_id} - closed
    names = {
        pupil.id: pupil.first_name
        for pupil in db.session.scalars(select(Pupil).where(Pupil.id.in_(open_pupils)))
    }
    firms = {firm.id: firm for firm in db.session.scalars(select(VoucherFirm))}
    references = references_of(account_id)
    found = []
    for one in wanted:
        assert one.payment_id is not None and one.due_on is not None  # noqa: PT018  each is a promise
        firm = firms.get(one.voucher_firm_id or 0)
        is_known = one.pupil_id in names
        found.append(
            ToSend(
                payment_id=one.payment_id,
                tender=one.tender,
                pupil_id=one.pupil_id if is_known else None,
                child=names.get(one.pupil_id or 0, ""),
                reference=references.get(one.pupil_id or 0) if is_known else None,
                firm=firm.name if firm else "",
                our_number=firm.our_number if firm else "",
                amount_pence=one.amount_pence,
                due_on=one.due_on,
                is_late=one.is_late,
                booking=one.reference,
            )
        )
    return found
