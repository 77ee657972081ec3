"""Where Tax-Free Childcare, vouchers and Universal Credit may pay: by seller and activity, on evidence, and by age."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.payments.models import ChildcareApproval
from booking.people.entitlements import entitlements_at
from booking.provision.models import Activity, Seller

AGES = Path(__file__).with_name("data") / "childcare_ages.csv"
SCHEMES = {"tfc": "takes_tfc", "voucher": "takes_vouchers", "universal_credit": "takes_universal_credit"}
DISABLED = "childcare_disability"
"""The entitlement that raises age and caps: a disability benefit is paid for the child, as the office was shown."""


class NotAnApproval(BookingError):
    """What was entered is no approval: no scheme, no evidence, or an end before its start; nothing was saved."""


@dataclass(frozen=True)
class Ages:
    """Until 1 September after which birthday Tax-Free Childcare pays, from a day on."""

    from_on: date
    age: int
    disabled_age: int


@dataclass(frozen=True)
class ApprovalDetails:
    """An approval as the office enters it."""

    activity_id: int | None
    takes_tfc: bool
    takes_vouchers: bool
    takes_universal_credit: bool
    evidence: str
    starts_on: date
    ends_on: date | None = None


@cache
def all_ages() -> tuple[Ages, ...]:
    """The ages by date, as data of this project, the oldest first."""
    with AGES.open(encoding="utf-8", newline="") as file:
        return tuple(
            Ages(date.fromisoformat(row["from_on"]), int(row["age"]), int(row["disabled_age"]))
            for row in csv.DictReader(file)
        )


def is_of_age(date_of_birth: date, on: date, *, is_disabled: bool) -> bool:
    """Whether Tax-Free Childcare pays on a day: until 1 September after the 11th birthday (16th if disabled)."""
    ages = [one for one in all_ages() if one.from_on <= on]
    if not ages:
        return False
    birthday_year = date_of_birth.year + (ages[-1].disabled_age if is_disabled else ages[-1].age)
    is_later = (date_of_birth.month, date_of_birth.day) >= (9, 1)
    return on < date(birthday_year + is_later, 9, 1)


def disabled_among(pupil_ids: Collection[int], on: date) -> set[int]:
    """The children for whom the office has noted a disability benefit."""
    facts = entitlements_at(on, pupil_ids=pupil_ids)
    return {pupil_id for pupil_id in pupil_ids if facts.get(pupil_id, {}).get(DISABLED) == "yes"}


def approvals_of(seller_ids: Collection[int]) -> Sequence[ChildcareApproval]:
    """Every approval of these sellers, the latest first."""
    return db.session.scalars(
        select(ChildcareApproval)
        .where(ChildcareApproval.seller_id.in_(seller_ids))
        .order_by(ChildcareApproval.starts_on.desc(), ChildcareApproval.id.desc())
    ).all()


def is_approved(
    approvals: Collection[ChildcareApproval], seller_id: int, activity_id: int, on: date, scheme: str
) -> bool:
    """Whether a scheme may pay this seller for this activity on the day of the session."""
    return any(
        one.seller_id == seller_id
        and one.activity_id in (None, activity_id)
        and one.starts_on <= on
        and (one.ends_on is None or on <= one.ends_on)
        and getattr(one, SCHEMES[scheme])
        for one in approvals
    )


def approve(
    seller_id: int, details: ApprovalDetails, *, at: datetime, user_id: int | None
) -> ChildcareApproval:
    """Enter with which schemes a seller may be paid, and on what evidence; raises `NotAnApproval`."""
    activity = db.session.get(Activity, details.activity_id) if details.activity_id else None
    if db.session.get(Seller, seller_id) is None or (activity and activity.seller_id != seller_id):
        raise NotFound
    if not details.evidence:
        raise NotAnApproval("Say what you have seen, such as the Ofsted letter. Nothing was saved.")
    if not (details.takes_tfc or details.takes_vouchers or details.takes_universal_credit):
        raise NotAnApproval("Tick at least one way to pay. Nothing was saved.")
    if details.ends_on is not None and details.ends_on < details.starts_on:
        raise NotAnApproval("The last day is before the first. Nothing was saved.")
    approval = ChildcareApproval(seller_id=seller_id, at=at, user_id=user_id, **vars(details))
    db.session.add(approval)
    db.session.flush()
    record("childcare_approved", "childcare_approval", approval.id, at=at, user_id=user_id)
    return approval


def end_approval(approval_id: int, last_day: date, *, at: datetime, user_id: int | None) -> ChildcareApproval:
    """Let an approval end with a day; what was promised before stays promised. Raises `NotFound`, `NotAnApproval`."""
    approval = db.session.get(ChildcareApproval, approval_id)
    if approval is None:
        raise NotFound
    if last_day < approval.starts_on:
        raise NotAnApproval("The last day is before the first. Nothing was saved.")
    approval.ends_on = last_day
    record("childcare_approval_ended", "childcare_approval", approval.id, at=at, user_id=user_id)
    return approval
