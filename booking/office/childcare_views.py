"""Pages about childcare schemes: who is approved, voucher firms, children's references, and promises that are open."""

from __future__ import annotations

from typing import TypeVar

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.bookings.baskets import bookable_ids
from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.money import format_pence
from booking.core.words import counted
from booking.office.childcare_forms import (
    ApprovalForm,
    EndApprovalForm,
    OfficeReferenceForm,
    SentBackForm,
)
from booking.office.childcare_marks import mark_disability
from booking.office.forms import PressForm
from booking.payments.childcare import (
    ApprovalDetails,
    approvals_of,
    approve,
    disabled_among,
    end_approval,
)
from booking.payments.models import ChildcareApproval, Payment, VoucherFirm
from booking.payments.promises import SCHEMES, open_promises
from booking.payments.references import keep_reference, references_of
from booking.payments.refund_ways import record_scheme_refund, ways_back_of
from booking.payments.short_promises import let_go, open_promise, places_at_risk
from booking.people.models import FamilyAccount, Pupil
from booking.provision.models import Activity, Seller
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form

Found = TypeVar("Found", FamilyAccount, Pupil, VoucherFirm, Payment)


@for_roles("manager")
def childcare_approvals(seller_id: int) -> ResponseReturnValue:
    """With which schemes a seller may be paid, on what evidence; another one is added below."""
    seller = db.session.get(Seller, seller_id)
    if seller is None:
        raise NotFound
    activities = db.session.scalars(
        select(Activity).where(Activity.seller_id == seller_id).order_by(Activity.name)
    ).all()
    form = ApprovalForm().with_choices(activities)

    def save() -> str:
        details = ApprovalDetails(
            activity_id=form.activity_id.data or None,
            takes_tfc=form.takes_tfc.data,
            takes_vouchers=form.takes_vouchers.data,
            takes_universal_credit=form.takes_universal_credit.data,
            evidence=form.evidence.data or "",
            starts_on=form.starts_on.data,
            ends_on=form.ends_on.data,
        )
        approve(seller_id, details, at=clock.now(), user_id=current_user.id)
        return f"Saved for {seller.name}. Families see it when they pay."

    return answer_form(
        form,
        save,
        template="office/childcare_approvals.html",
        done=url_for("office.childcare_approvals", seller_id=seller_id),
        seller=seller,
        approvals=approvals_of({seller_id}),
    )


@for_roles("manager")
def end_childcare_approval(approval_id: int) -> ResponseReturnValue:
    """Let an approval end with a day."""
    approval = db.session.get(ChildcareApproval, approval_id)
    if approval is None:
        raise NotFound
    form = EndApprovalForm(obj=approval)

    def save() -> str:
        end_approval(approval_id, form.ends_on.data, at=clock.now(), user_id=current_user.id)
        return "The last day is saved. What was promised before stays promised."

    done = url_for("office.childcare_approvals", seller_id=approval.seller_id)
    return answer_form(
        form, save, template="office/childcare_approval_end.html", done=done, approval=approval
    )


@for_roles("manager")
def child_reference(account_id: int, pupil_id: int) -> ResponseReturnValue:
    """Enter a child's reference for a family that rang or came to the desk, and whether a disability benefit is paid."""
    at = clock.now()
    account = db.session.get(FamilyAccount, account_id)
    if account is None or pupil_id not in bookable_ids(account_id, clock.today(at)):
        raise NotFound
    pupil = db.session.get_one(Pupil, pupil_id)
    before = {
        "reference": references_of(account_id).get(pupil_id, ""),
        "is_disabled": bool(disabled_among([pupil_id], clock.today(at))),
    }
    form = OfficeReferenceForm(data=before)

    def save() -> str:
        if form.reference.data:
            keep_reference(account_id, pupil_id, form.reference.data, at=at, user_id=current_user.id)
        mark_disability(pupil_id, form.is_disabled.data, at=at, user_id=current_user.id)
        return f"Saved for {pupil.first_name}."

    done = url_for("office.family", account_id=account_id)
    return answer_form(
        form, save, template="office/child_reference.html", done=done, account=account, pupil=pupil
    )


@for_roles("manager")
def promises() -> ResponseReturnValue:
    """What families still have to send by Tax-Free Childcare and vouchers, the oldest due first."""
    at = clock.now()
    found = [one for one in open_promises() if one.tender in SCHEMES]
    accounts = _by_id(FamilyAccount, {one.account_id for one in found})
    pupils = _by_id(Pupil, {one.pupil_id for one in found if one.pupil_id})
    firms = _by_id(VoucherFirm, {one.voucher_firm_id for one in found if one.voucher_firm_id})
    return render_template(
        "office/promises.html",
        rows=[
            (
                one,
                accounts[one.account_id],
                pupils.get(one.pupil_id or 0),
                firms.get(one.voucher_firm_id or 0),
            )
            for one in found
        ],
        now=at,
        total_pence=sum(one.outstanding_pence for one in found),
        late_pence=sum(one.outstanding_pence for one in found if one.due_at < at),
    )


def _by_id(model: type[Found], ids: set[int]) -> dict[int, Found]:
    return {row.id: row for row in db.session.scalars(select(model).where(model.id.in_(ids)))}


@for_roles("manager")
def promise(payment_id: int) -> ResponseReturnValue:
    """One promise: what it is for, and the button that lets go what its money does not cover."""
    found, at = open_promise(payment_id), clock.now()
    account = db.session.get_one(FamilyAccount, found.account_id)
    at_risk = places_at_risk(found, at=at)

    def release() -> str:
        gone = let_go(payment_id, at=at, user_id=current_user.id)
        return f"{counted(len(gone), 'place')} let go. The family is told."

    return answer_form(
        PressForm(),
        release,
        template="office/promise.html",
        done=url_for("office.promises"),
        promise=found,
        account=account,
        pupil=db.session.get(Pupil, found.pupil_id) if found.pupil_id else None,
        places=at_risk,
    )


@for_roles("manager")
def money_back(account_id: int) -> ResponseReturnValue:
    """Which way a family's credit may go back, in words; what the bank has sent back to a scheme is noted here."""
    account = db.session.get(FamilyAccount, account_id)
    if account is None:
        raise NotFound
    ways = ways_back_of(account_id)
    payments = _by_id(Payment, set(ways))
    rows = [(payments[one.payment_id], one.most_pence) for one in ways.values()]
    form = SentBackForm().with_choices([row for row in rows if row[0].tender in SCHEMES])
    references = references_of(account_id)

    def save() -> str:
        pence = form.amount_pence.data
        record_scheme_refund(
            form.payment_id.data, pence, form.sent_on.data, at=clock.now(), user_id=current_user.id
        )
        return f"{format_pence(pence)} sent back is noted."

    done = url_for("office.family", account_id=account_id)
    return answer_form(
        form,
        save,
        template="office/money_back.html",
        done=done,
        account=account,
        rows=rows,
        references=references,
    )
