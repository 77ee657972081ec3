"""Paying one basket in several ways at once: what may be chosen, and booking what was chosen.

A form says who and how much; which places, whether they may be paid so, and all sums are worked out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, select

from booking.bookings.places import book_locked_basket
from booking.core import clock
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError
from booking.core.money import format_pence
from booking.payments.childcare import approvals_of, disabled_among, is_approved, is_of_age
from booking.payments.models import VoucherFirm
from booking.payments.promising import make_promises
from booking.payments.references import references_of
from booking.payments.splitting import Choice, PricedLine, Split, SplitRefused, split_basket
from booking.payments.to_pay import CheckoutLine, Summary, checkout_of, may_be_paid
from booking.people.models import FamilyAccount, Pupil

ORDERS = {
    "last_days": "The latest days first",
    "clubs": "Clubs before breakfast and care",
    "care": "Breakfast and care before clubs",
}
"""What a family would rather do without, when money that was promised does not come; within it the latest day first."""


class RestChanged(BookingError):
    """The amounts are not those that the parent saw, so nothing was paid."""

    def __init__(self, card_pence: int) -> None:
        super().__init__(
            f"By card it is now {format_pence(card_pence)}. Nothing was paid. Please check the amounts and pay again."
        )


CARE = frozenset({"breakfast", "extended_care"})
_PUPILS = select(Pupil).where(Pupil.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class ChildWay:
    """A child for whom Tax-Free Childcare may pay: at most so much of this basket, under this reference (when known)."""

    pupil_id: int
    name: str
    most_pence: int
    reference: str | None


@dataclass(frozen=True)
class Ways:
    """What may be chosen for one basket; `lines` carry for each place what may pay it."""

    lines: tuple[CheckoutLine, ...]
    children: tuple[ChildWay, ...]
    firms: tuple[VoucherFirm, ...]
    most_voucher_pence: int
    disabled: frozenset[int] = frozenset()

    @property
    def takes_schemes(self) -> bool:
        """True when anything of it may be paid by Tax-Free Childcare or vouchers."""
        return bool(self.children or self.firms)


def ways_of(summary: Summary, *, at: datetime) -> Ways:
    """What may pay for a basket, line by line: approved seller and activity on the session's date, child of age then.

    A child whom a restriction closes to this family is in no scheme's list.
    """
    lines, disabled = _with_schemes(summary.lines, at)
    most: dict[int, int] = {}
    for line in lines:
        if line.takes_tfc:
            most[line.pupil_id] = most.get(line.pupil_id, 0) + line.price_pence
    references = references_of(summary.account_id)
    names = {line.pupil_id: line.child for line in lines}
    voucher_pence = sum(line.price_pence for line in lines if line.takes_vouchers)
    firms = open_firms(at) if voucher_pence else ()
    return Ways(
        lines=tuple(lines),
        children=tuple(
            ChildWay(pupil_id, names[pupil_id], pence, references.get(pupil_id))
            for pupil_id, pence in most.items()
        ),
        firms=tuple(firms),
        most_voucher_pence=voucher_pence,
        disabled=disabled,
    )


def open_firms(at: datetime) -> Sequence[VoucherFirm]:
    """The voucher firms with which a family may promise to pay today, by name."""
    today = clock.today(at)
    return db.session.scalars(
        select(VoucherFirm)
        .where(VoucherFirm.ended_on.is_(None) | (VoucherFirm.ended_on > today))
        .order_by(VoucherFirm.name)
    ).all()


def split_of(summary: Summary, ways: Ways, choice: Choice, order: str = "last_days") -> Split:
    """The amounts of one choice for a basket; raises `SplitRefused` for a child or firm that is not on offer."""
    if not set(choice.tfc) <= {child.pupil_id for child in ways.children}:
        raise SplitRefused("Tax-Free Childcare cannot pay for that child here. Nothing was paid.")
    if choice.voucher_firm_id is not None and choice.voucher_firm_id not in {firm.id for firm in ways.firms}:
        raise SplitRefused("We do not take vouchers of that firm for these places. Nothing was paid.")
    return split_basket([_priced(line) for line in in_order(ways.lines, order)], summary.credit_pence, choice)


def in_order(lines: Sequence[CheckoutLine], order: str) -> list[CheckoutLine]:
    """The lines with those first that the family wants most."""

    def rank(line: CheckoutLine) -> bool:
        is_care = line.kind in CARE
        return {"clubs": not is_care, "care": is_care}.get(order, False)

    return sorted(lines, key=lambda line: (rank(line), line.date, line.starts_at, line.place_id))


def everything_by_tfc(ways: Ways, *, has_cards: bool) -> Choice:
    """The simple choice: Tax-Free Childcare for all that it may pay, a card (or the office) for the rest."""
    return Choice(
        tfc={child.pupil_id: None for child in ways.children}, rest="card" if has_cards else "office"
    )


def book_promised(
    account_id: int, choice: Choice, order: str, *, seen_pence: int, at: datetime, user_id: int | None
) -> str:
    """Book a basket of which nothing is paid by card now; gives its reference.

    Raises the refusals of `may_be_paid`, `SplitRefused`, and `RestChanged` when a card would have to pay something.
    """
    lock_rows((FamilyAccount, [account_id]))
    summary = may_be_paid(checkout_of(account_id, at=at), seen_pence=seen_pence)
    split = split_of(summary, ways_of(summary, at=at), choice, order)
    if split.card_pence:
        raise RestChanged(split.card_pence)
    book_locked_basket(summary.basket_id, at=at, user_id=user_id)
    make_promises(split.promises, basket_id=summary.basket_id, account_id=account_id, at=at, user_id=user_id)
    return summary.reference


def _with_schemes(lines: Sequence[CheckoutLine], at: datetime) -> tuple[list[CheckoutLine], frozenset[int]]:
    """The lines with the schemes that may pay each, and the children with higher limits."""
    approvals = approvals_of({line.seller_id for line in lines})
    pupil_ids = {line.pupil_id for line in lines if not line.is_closed and line.price_pence}
    if not (approvals and pupil_ids):
        return list(lines), frozenset()
    born = {pupil.id: pupil.date_of_birth for pupil in db.session.scalars(_PUPILS, {"ids": list(pupil_ids)})}
    disabled = disabled_among(pupil_ids, clock.today(at))

    def told(line: CheckoutLine) -> CheckoutLine:
        def takes(scheme: str) -> bool:
            return is_approved(approvals, line.seller_id, line.activity_id, line.date, scheme)

        if line.is_closed or not line.price_pence:
            return line
        is_disabled = line.pupil_id in disabled
        return replace(
            line,
            takes_tfc=takes("tfc") and is_of_age(born[line.pupil_id], line.date, is_disabled=is_disabled),
            takes_vouchers=takes("voucher"),
            takes_universal_credit=takes("universal_credit"),
        )

    return [told(line) for line in lines], frozenset(disabled)


def _priced(line: CheckoutLine) -> PricedLine:
    return PricedLine(line.place_id, line.pupil_id, line.price_pence, line.takes_tfc, line.takes_vouchers)
