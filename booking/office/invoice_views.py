"""Pages of what the school asks of families and pays to sellers: invoices, credit notes and payouts."""

from __future__ import annotations

from datetime import date, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.bookings.models import Place
from booking.core import clock
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.jobs import Job
from booking.core.words import counted
from booking.office.invoicing import JOB, ask_invoices
from booking.office.money_forms import CreditNoteForm, IssueForm, PayoutForm
from booking.payments.invoice_models import Invoice, InvoiceLine
from booking.payments.invoices import Order, print_invoice, take_back
from booking.people.models import FamilyAccount
from booking.people.restrictions import closed_pupils
from booking.provision.models import Seller
from booking.registers.takings import pay_out, payable, payouts_of, takings_of
from booking.web.audience import for_roles
from booking.web.files import pdf_response
from booking.web.form_pages import answer_form

NEWEST = 200


@for_roles("manager")
def invoices() -> ResponseReturnValue:
    """The newest invoices, and the form that issues them for all families of a seller in one job."""
    form = IssueForm()
    sellers = db.session.scalars(select(Seller).order_by(Seller.is_school.desc(), Seller.name)).all()
    form.seller_id.choices = [(seller.id, seller.name) for seller in sellers]

    def save() -> str:
        order = Order(form.seller_id.data, form.from_on.data, form.to_on.data, form.due_on.data)
        number = ask_invoices(order, at=clock.now(), user_id=current_user.id)
        return f"Invoices are being issued for {counted(number, 'family', 'families')}. This page shows how far it is."

    rows = db.session.execute(
        select(Invoice, FamilyAccount.name)
        .join(FamilyAccount, FamilyAccount.id == Invoice.account_id)
        .order_by(Invoice.id.desc())
        .limit(NEWEST)
    ).all()
    taken_back = set(db.session.scalars(select(Invoice.corrects_id).where(Invoice.corrects_id.is_not(None))))
    jobs = db.session.scalars(select(Job).where(Job.kind == JOB, Job.finished_at.is_(None))).all()
    return answer_form(
        form,
        save,
        template="office/invoices.html",
        done=url_for("office.invoices"),
        rows=rows,
        taken_back=taken_back,
        jobs=jobs,
    )


def _invoice(invoice_id: int) -> Invoice:
    """An invoice that this person may read: none with a child whom a restriction closes to them."""
    invoice = db.session.get(Invoice, invoice_id)
    pupils = (
        select(Place.pupil_id)
        .join(InvoiceLine, InvoiceLine.place_id == Place.id)
        .where(InvoiceLine.invoice_id == invoice_id)
    )
    closed = closed_pupils(current_user.id, clock.today())
    if invoice is None or (closed and closed & set(db.session.scalars(pupils))):
        raise NotFound
    return invoice


@for_roles("manager")
def invoice_paper(invoice_id: int) -> ResponseReturnValue:
    """An invoice as it was issued."""
    invoice = _invoice(invoice_id)
    return pdf_response(print_invoice(invoice), invoice.name.replace(" ", "-"))


@for_roles("manager")
def take_invoice_back(invoice_id: int) -> ResponseReturnValue:
    """Issue a credit note over the whole of an invoice."""
    invoice, form = _invoice(invoice_id), CreditNoteForm()

    def save() -> str:
        note = take_back(invoice_id, form.reason.data, at=clock.now(), user_id=current_user.id)
        return f"{note.name} is issued. The care may now be invoiced again."

    return answer_form(
        form, save, template="office/take_back.html", done=url_for("office.invoices"), invoice=invoice
    )


@for_roles("manager")
def payouts() -> ResponseReturnValue:
    """The outside sellers, with what each is to be paid for care up to the end of last month."""
    to_on = clock.today().replace(day=1) - timedelta(days=1)
    sellers = db.session.scalars(select(Seller).where(~Seller.is_school).order_by(Seller.name)).all()
    rows = [(seller, payable(seller.id, to_on)) for seller in sellers]
    return render_template("office/payouts.html", rows=rows, to_on=to_on)


@for_roles("manager")
def payout(seller_id: int) -> ResponseReturnValue:
    """One outside seller: what it took, what it is to be paid up to a day, and what it was paid before."""
    seller, form = db.session.get(Seller, seller_id), PayoutForm()
    if seller is None:
        raise NotFound
    if seller.is_school:
        flash("The school’s own income stays with the school: there is nothing to pay out.")
        return redirect(url_for("office.payouts"))
    last_month = clock.today().replace(day=1) - timedelta(days=1)
    try:
        to_on = date.fromisoformat(request.args.get("to") or last_month.isoformat())
    except ValueError as error:
        raise BookingError("Give the day like 2026-11-30.") from error

    def save() -> str:
        row = pay_out(
            seller_id,
            to_on,
            paid_on=form.paid_on.data,
            reference=form.reference.data or "",
            at=clock.now(),
            user_id=current_user.id,
        )
        return (
            f"The payout to {seller.name} up to {row.to_on.day}/{row.to_on.month}/{row.to_on.year} is posted."
        )

    due = payable(seller_id, to_on)
    return answer_form(
        form,
        save,
        template="office/payout.html",
        done=url_for("office.payout", seller_id=seller_id),
        seller=seller,
        due=due,
        taken=takings_of(seller_id, due.from_on, to_on),
        before=payouts_of(seller_id),
    )
