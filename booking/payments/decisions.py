"""Money that the office gives back or gives up: asked with a reason, and above a limit done by a second person's yes.

Everything here locks the family's card payments and its account first and looks afterwards, so that of two officers
who give back the same credit the second finds none left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from booking.bookings.family_letters import tell_of_late_charge
from booking.core import clock
from booking.core.audit import record
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.core.money import format_pence
from booking.ledger.afterwards import post_reversal, post_write_off
from booking.ledger.arrears_models import LateCharge
from booking.ledger.balances import credit_pence, is_reversed
from booking.ledger.terms import terms_on
from booking.payments.card_credit import CardPart, card_parts
from booking.payments.decision_models import MoneyDecision
from booking.payments.models import Payment
from booking.payments.refunds import ask_refund, refunded_pence
from booking.people.models import FamilyAccount, User

ALONE_WITHIN = timedelta(days=7)


class OwnFamily(BookingError):
    """Nobody moves the money of their own family; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("This is your own family’s money. Somebody else must do it. Nothing was changed.")


class AnotherPersonNeeded(BookingError):
    """Only a second person who may approve says yes or no, never the one who asked."""

    def __init__(self) -> None:
        super().__init__("A second person must decide: not the one who asked. Nothing was changed.")


class DecidedBefore(BookingError):
    """It was approved, refused or withdrawn meanwhile; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("This was decided already. Nothing was changed.")


class CannotMoveMoney(BookingError):
    """More was to be given back or given up than there is; the most is named, and nothing was changed."""


@dataclass(frozen=True)
class Wish:
    """What somebody in the office wants to do; `key` comes from the form, and one form asks once."""

    key: str
    kind: str
    account_id: int
    amount_pence: int
    reason: str
    payment_id: int | None = None
    late_charge_id: int | None = None


def ask_for(wish: Wish, *, at: datetime, by: User) -> MoneyDecision:
    """Write the wish down, and do it at once when one person may; the same form again is the same decision.

    Raises `OwnFamily`, `CannotMoveMoney`, `NotFound`.
    """
    _lock(wish.account_id)
    before = db.session.scalars(select(MoneyDecision).where(MoneyDecision.key == wish.key)).one_or_none()
    if before is not None:
        return before
    refuse_own_family(by, wish.account_id)
    decision = MoneyDecision(**vars(wish), asked_by_id=by.id, asked_at=at, state="asked")
    _CHECKS[decision.kind](decision)
    alone = _may_be_done_alone(decision, at=at)
    db.session.add(decision)
    db.session.flush()
    record(
        f"{wish.kind}_wished", "money_decision", decision.id, at=at, user_id=by.id, pence=wish.amount_pence
    )
    if alone:
        _do(decision, None, at=at, by=by)
    return decision


def decide(decision_id: int, is_yes: bool, *, at: datetime, by: User) -> MoneyDecision:
    """The second person's yes or no; a yes does it at once. Raises `AnotherPersonNeeded`, `OwnFamily`,
    `DecidedBefore`, or `CannotMoveMoney` when there is less by now (then it still waits).
    """
    decision = _open_decision(decision_id)
    if not by.approves or by.id == decision.asked_by_id:
        raise AnotherPersonNeeded
    refuse_own_family(by, decision.account_id)
    if is_yes:
        _CHECKS[decision.kind](decision)
        _do(decision, by.id, at=at, by=by)
    else:
        _end(decision, "refused", by.id, at=at, by=by)
    return decision


def withdraw(decision_id: int, *, at: datetime, by: User) -> MoneyDecision:
    """Whoever asked takes it back before anybody decided; raises `NotFound` for anybody else."""
    decision = _open_decision(decision_id)
    if by.id != decision.asked_by_id:
        raise NotFound
    _end(decision, "withdrawn", by.id, at=at, by=by)
    return decision


def take_back_write_off(decision_id: int, *, at: datetime, by: User) -> None:
    """The family paid after all: the debt stands again, at most once, and its credit pays it.

    Raises `CannotMoveMoney` while the family's credit does not cover it, `DecidedBefore` the second time.
    """
    decision = db.session.get(MoneyDecision, decision_id)
    if decision is None or (decision.kind, decision.state) != ("write_off", "approved"):
        raise NotFound
    _lock(decision.account_id)
    refuse_own_family(by, decision.account_id)
    if is_reversed(f"write_off:{decision.id}"):
        raise DecidedBefore
    if credit_pence(decision.account_id) < decision.amount_pence:
        raise CannotMoveMoney(
            f"The family has not paid {format_pence(decision.amount_pence)} since. Nothing was changed."
        )
    post_reversal(f"write_off:{decision.id}", at=at, user_id=by.id)
    record("write_off_taken_back", "money_decision", decision.id, at=at, user_id=by.id)


def waiting_decisions() -> list[MoneyDecision]:
    """What waits for a second person, oldest first."""
    query = select(MoneyDecision).where(MoneyDecision.state == "asked").order_by(MoneyDecision.id)
    return list(db.session.scalars(query))


def latest_decisions(limit: int = 50) -> list[MoneyDecision]:
    """What was decided last, newest first."""
    query = select(MoneyDecision).where(MoneyDecision.state != "asked")
    return list(db.session.scalars(query.order_by(MoneyDecision.decided_at.desc()).limit(limit)))


def refuse_own_family(by: User, account_id: int) -> None:
    """Raise `OwnFamily` for whoever belongs to the account, or is tied to a child of anybody who does."""
    account = db.session.get(FamilyAccount, account_id)
    if account is None:
        raise NotFound
    children = {pupil.id for pupil in account.pupils}
    children |= {tie.pupil_id for user in account.users for tie in user.guardianships}
    is_member = by.id in {user.id for user in account.users}
    if is_member or any(tie.pupil_id in children for tie in by.guardianships):
        raise OwnFamily


def _lock(account_id: int) -> None:
    """A family's card payments, then its account: in the order in which a card's money is taken."""
    payments = select(Payment.id).where(Payment.account_id == account_id, Payment.tender == "card")
    db.session.execute(payments.order_by(Payment.id).with_for_update())
    lock_rows((FamilyAccount, [account_id]))


def _open_decision(decision_id: int) -> MoneyDecision:
    """A decision that waits, under the lock of its family."""
    account_id = db.session.scalar(select(MoneyDecision.account_id).where(MoneyDecision.id == decision_id))
    if account_id is None:
        raise NotFound
    _lock(account_id)
    decision = db.session.get_one(MoneyDecision, decision_id, populate_existing=True)
    if decision.state != "asked":
        raise DecidedBefore
    return decision


def _may_be_done_alone(decision: MoneyDecision, *, at: datetime) -> bool:
    """Up to the school's limit, counting what was done alone for this family within a week: ten small are one large."""
    if decision.kind == "write_off":
        return False
    alone = (
        select(func.coalesce(func.sum(MoneyDecision.amount_pence), 0))
        .where(MoneyDecision.account_id == decision.account_id, MoneyDecision.kind == decision.kind)
        .where(MoneyDecision.state == "approved", MoneyDecision.decided_by_id.is_(None))
        .where(MoneyDecision.asked_at > at - ALONE_WITHIN)
    )
    before_pence = int(db.session.scalar(alone) or 0)
    return before_pence + decision.amount_pence <= terms_on(clock.today(at)).second_yes_pence


def _do(decision: MoneyDecision, second_id: int | None, *, at: datetime, by: User) -> None:
    _ACTS[decision.kind](decision, at, by)
    _end(decision, "approved", second_id, at=at, by=by)


def _end(decision: MoneyDecision, state: str, second_id: int | None, *, at: datetime, by: User) -> None:
    decision.state, decision.decided_at, decision.decided_by_id = state, at, second_id
    db.session.flush()
    record(f"{decision.kind}_{state}", "money_decision", decision.id, at=at, user_id=by.id)


def _check_refund(decision: MoneyDecision) -> None:
    most_pence = sum(part.amount_pence for part in _parts_for(decision))
    if not 0 < decision.amount_pence <= most_pence:
        raise CannotMoveMoney(
            f"At most {format_pence(most_pence)} can go back to the card: what was paid with it and is credit now. "
            "Nothing was changed."
        )


def _parts_for(decision: MoneyDecision) -> list[CardPart]:
    """Where the money may go: the payment that was chosen up to all that was paid with it, or all, newest first."""
    parts = card_parts(decision.account_id)
    if decision.payment_id is None:
        return parts
    payment = db.session.get(Payment, decision.payment_id)
    if payment is None or (payment.account_id, payment.tender) != (decision.account_id, "card"):
        raise NotFound
    total_pence = sum(part.amount_pence for part in parts)
    most_pence = min(total_pence, payment.amount_pence - refunded_pence(payment.id))
    paid_on = clock.today(payment.paid_at or payment.created_at)
    return [CardPart(payment.id, paid_on, payment.amount_pence, most_pence)]


def _refund(decision: MoneyDecision, at: datetime, by: User) -> None:
    left_pence = decision.amount_pence
    for part in _parts_for(decision):
        part_pence = min(part.amount_pence, left_pence)
        if part_pence:
            payment = db.session.get_one(Payment, part.payment_id)
            ask_refund(payment, part_pence, "office", at=at, user_id=by.id)
            left_pence -= part_pence


def _check_write_off(decision: MoneyDecision) -> None:
    owed_pence = max(-credit_pence(decision.account_id), 0)
    if not 0 < decision.amount_pence <= owed_pence:
        raise CannotMoveMoney(f"The family owes {format_pence(owed_pence)}. Nothing was changed.")


def _write_off(decision: MoneyDecision, at: datetime, by: User) -> None:
    post_write_off(decision.id, decision.account_id, decision.amount_pence, at=at, user_id=by.id)


def _check_waive(decision: MoneyDecision) -> None:
    charge = db.session.get(LateCharge, decision.late_charge_id, populate_existing=True)
    if charge is None or charge.account_id != decision.account_id:
        raise NotFound
    if charge.ended_at is not None:
        raise CannotMoveMoney("This charge was taken back already. Nothing was changed.")
    decision.amount_pence = charge.amount_pence


def _waive(decision: MoneyDecision, at: datetime, by: User) -> None:
    charge = db.session.get_one(LateCharge, decision.late_charge_id)
    post_reversal(f"late:{charge.id}", at=at, user_id=by.id)
    charge.ended_at, charge.ended_why = at, "waived"
    tell_of_late_charge(charge, at=at)


_CHECKS: dict[str, Callable[[MoneyDecision], None]] = {
    "refund": _check_refund,
    "write_off": _check_write_off,
    "waive": _check_waive,
}
_ACTS: dict[str, Callable[[MoneyDecision, datetime, User], None]] = {
    "refund": _refund,
    "write_off": _write_off,
    "waive": _waive,
}
