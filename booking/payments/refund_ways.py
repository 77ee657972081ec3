"""Which way a family's credit may go back: what a scheme paid goes back by its own way, never to a card."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.core.money import format_pence
from booking.ledger.afterwards import post_scheme_refund
from booking.ledger.balances import credit_pence
from booking.payments.card_credit import card_parts
from booking.payments.models import Payment, Refund
from booking.payments.promises import SCHEMES, Purse, promised_by_purse, purse_of
from booking.people.models import FamilyAccount


class TooMuchBack(BookingError):
    """More was to go back by a way than may; nothing was recorded."""

    def __init__(self, most_pence: int) -> None:
        super().__init__(
            f"At most {format_pence(most_pence)} may go back this way. Nothing was recorded. What came by Tax-Free "
            "Childcare or vouchers goes back only by its own way, and never more than the family has in credit."
        )


class NotADayYet(BookingError):
    """The day on which the bank sent it is still to come; nothing was recorded."""

    def __init__(self) -> None:
        super().__init__(
            "That day is still to come. Nothing was recorded. Enter it once the bank has sent it."
        )


@dataclass(frozen=True)
class PaidIn:
    """Money that came in and has not gone back; `purse` names the child or firm of a scheme's money."""

    payment_id: int
    tender: str
    purse: Purse | None
    left_pence: int


@dataclass(frozen=True)
class WayBack:
    """At most so much of one payment may go back, by the way that it came."""

    payment_id: int
    tender: str
    most_pence: int


def ways_back(
    credit_pence: int, paid: Collection[PaidIn], promised: Mapping[Purse, int]
) -> dict[int, WayBack]:
    """By which ways a family's credit may go back, by payment; each amount alone is within the credit.

    `promised` is what schemes pay for, as it stands now. Scheme money beyond it is taken to be still there: other credit
    counts as spent first, so that no penny of a scheme can reach a card. The newest payments go back first.
    """
    credit_pence = max(credit_pence, 0)
    by_purse: defaultdict[Purse, int] = defaultdict(int)
    for one in paid:
        if one.purse is not None:
            by_purse[one.purse] += one.left_pence
    beyond = {purse: max(pence - promised.get(purse, 0), 0) for purse, pence in by_purse.items()}
    other_pence = credit_pence - min(sum(beyond.values()), credit_pence)
    found = {}
    for one in sorted(paid, key=lambda one: -one.payment_id):
        if one.purse is None:
            most_pence = min(one.left_pence, other_pence)
        else:
            most_pence = min(one.left_pence, beyond[one.purse], credit_pence)
            beyond[one.purse] -= most_pence
        if most_pence > 0:
            found[one.payment_id] = WayBack(one.payment_id, one.tender, most_pence)
    return found


def ways_back_of(account_id: int) -> dict[int, WayBack]:
    """The same for one family, from its payments, promises and balance; to cards as `card_credit` follows the pounds."""
    gone = (
        select(Refund.payment_id, func.sum(Refund.amount_pence).label("pence"))
        .where(Refund.state != "failed")
        .group_by(Refund.payment_id)
        .subquery()
    )
    rows = db.session.execute(
        select(Payment, func.coalesce(gone.c.pence, 0))
        .outerjoin(gone, gone.c.payment_id == Payment.id)
        .where(Payment.account_id == account_id, Payment.state == "paid", Payment.tender != "credit")
    )
    paid = [
        PaidIn(
            payment.id,
            payment.tender,
            purse_of(payment.tender, payment.pupil_id, payment.voucher_firm_id),
            payment.amount_pence - int(pence),
        )
        for payment, pence in rows
    ]
    ways = ways_back(credit_pence(account_id), paid, promised_by_purse(account_id))
    cards = [WayBack(part.payment_id, "card", part.amount_pence) for part in card_parts(account_id)]
    by_card = {one.payment_id: one for one in cards}
    return {number: one for number, one in ways.items() if one.tender != "card"} | by_card


def record_scheme_refund(
    payment_id: int, amount_pence: int, sent_on: date, *, at: datetime, user_id: int | None
) -> Refund:
    """The school's bank has sent scheme money back by its own way: note it, and take it off the family's credit.

    Raises `NotFound` for a payment that is no scheme's, `TooMuchBack` and `NotADayYet`.
    """
    payment = db.session.get(Payment, payment_id)
    if payment is None or payment.tender not in SCHEMES or payment.state != "paid":
        raise NotFound
    lock_rows((FamilyAccount, [payment.account_id]))
    if sent_on > clock.today(at):
        raise NotADayYet
    way = ways_back_of(payment.account_id).get(payment_id)
    most_pence = way.most_pence if way else 0
    if not 0 < amount_pence <= most_pence:
        raise TooMuchBack(most_pence)
    refund = Refund(
        payment_id=payment_id,
        amount_pence=amount_pence,
        reason="sent_back",
        state="done",
        idempotency_key=f"sent-{secrets.token_urlsafe(18)}",
        created_at=at,
        user_id=user_id,
    )
    db.session.add(refund)
    db.session.flush()
    post_scheme_refund(
        payment_id,
        refund.id,
        payment.account_id,
        amount_pence,
        payment.tender,
        at=at,
        user_id=user_id,
        voucher_firm_id=payment.voucher_firm_id,
    )
    record(
        "refund_sent_back",
        "refund",
        refund.id,
        at=at,
        user_id=user_id,
        pence=amount_pence,
        sent_on=sent_on.isoformat(),
    )
    return refund
