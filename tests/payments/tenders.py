"""Families whose school takes Tax-Free Childcare and vouchers, with places held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from booking.bookings.baskets import choose_week, open_basket
from booking.bookings.places import take_holds
from booking.core.db import db, unit_of_work
from booking.ledger.posting import post_payment
from booking.payments.childcare import ApprovalDetails, approve
from booking.payments.models import Payment, VoucherFirm
from booking.provision.models import Run
from tests.builders import Family, a_family, save
from tests.payments.families import some_sessions


@dataclass
class Held:
    """A family of two with both children held in every session: at 9.00 pounds a place where care is approved."""

    family: Family
    basket_id: int
    care_seller_id: int

    @property
    def ids(self) -> list[int]:
        """The ids of the two children."""
        return [pupil.id for pupil in self.family.pupils]


def a_basket_of_care(at: datetime, *, care: int = 2, clubs: int = 1) -> Held:
    """Two children, each in `care` approved sessions at £9.00 and `clubs` unapproved ones at £4.50."""
    family = a_family(2)
    approved = some_sessions(at, care, price_pence=900)
    other = some_sessions(at, care + clubs, price_pence=450)[care:]
    seller_id = seller_of(approved[0].run_id)
    takes(seller_id, at)
    wanted = {(pupil.id, session.id) for pupil in family.pupils for session in [*approved, *other]}
    account_id, user_id = family.account.id, family.user.id
    with unit_of_work():
        choose_week(account_id, wanted, wanted, at=at, user_id=user_id)
    with unit_of_work():
        basket = open_basket(account_id)
        assert basket is not None
        basket_id = basket.id
        assert not take_holds(basket_id, "all", at=at, user_id=user_id).refused
    return Held(family, basket_id, seller_id)


def seller_of(run_id: int) -> int:
    """Whose run it is."""
    return db.session.get_one(Run, run_id).activity.seller_id


def takes(seller_id: int, at: datetime, **values: object) -> None:
    """The seller is approved for everything from long ago on, unless said otherwise."""
    details = ApprovalDetails(
        **{
            "activity_id": None,
            "takes_tfc": True,
            "takes_vouchers": True,
            "takes_universal_credit": True,
            "evidence": "Letter of Ofsted",
            "starts_on": date(2020, 9, 1),
            **values,
        }  # type: ignore[arg-type]
    )
    with unit_of_work():
        approve(seller_id, details, at=at, user_id=None)


def a_firm(name: str = "Brightcare Vouchers", **values: object) -> VoucherFirm:
    """A voucher firm."""
    firm = VoucherFirm(**{"name": name, "our_number": "P-1234", **values})
    save(firm)
    return firm


def money_came(
    account_id: int,
    pence: int,
    at: datetime,
    *,
    tender: str = "tfc",
    pupil_id: int | None = None,
    firm_id: int | None = None,
) -> Payment:
    """Money came as the office's import brings it in."""
    payment = Payment(
        account_id=account_id,
        tender=tender,
        state="paid",
        amount_pence=pence,
        pupil_id=pupil_id,
        voucher_firm_id=firm_id,
        idempotency_key=f"came-{at.isoformat()}-{pence}-{pupil_id}-{firm_id}",
        created_at=at,
        paid_at=at,
    )
    with unit_of_work():
        db.session.add(payment)
        db.session.flush()
        post_payment(
            payment.id, account_id, None, pence, tender, at=at, user_id=None, voucher_firm_id=firm_id
        )
    return payment
