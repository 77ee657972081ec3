"""Pages of paying: check answers, the way to Stripe and back, confirmation, the family's account, and the webhook."""

from __future__ import annotations

import re
from contextlib import suppress

import structlog
from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError, NotFound
from booking.core.settings import Settings
from booking.ledger.balances import credit_pence
from booking.payments import statement_views
from booking.payments.checkout import (
    CardPageUnreachable,
    WhereNext,
    close_page,
    open_page,
    payment_of,
    returned_payment,
    start_card,
)
from booking.payments.confirmation import calendar_of, confirmation_of
from booking.payments.forms import PayForm
from booking.payments.fulfilment import Outcome, fulfil
from booking.payments.gateway import BadSignature, Gateway, StripeOutOfReach, gateway_of, read_event
from booking.payments.invoices import invoices_of
from booking.payments.models import Payment
from booking.payments.office_till import pay_basket, what_is_owed
from booking.payments.receipts import paying_payments
from booking.payments.statement import statement_of
from booking.payments.stripe_events import take_event
from booking.payments.to_pay import HoldEnded, NothingToPay, checkout_of, office_due_at
from booking.web.audience import for_anyone, for_roles

blueprint = Blueprint("payments", __name__)
log = structlog.get_logger()
SESSION_ID = re.compile(r"cs_[A-Za-z0-9_]{1,110}")
LARGEST_EVENT = 1024 * 1024


def _settings() -> Settings:
    found: Settings = current_app.extensions["booking_settings"]
    return found


def _gateway() -> Gateway:
    gateway = gateway_of(_settings())
    if gateway is None:
        abort(503)
    return gateway


def _accounts() -> set[int]:
    return {account.id for account in current_user.accounts}


def _account() -> int:
    """The account that this parent books on; a parent without one has nothing here."""
    if not current_user.accounts:
        raise NotFound
    account_id: int = current_user.accounts[0].id
    return account_id


@blueprint.get("/checkout")
@for_roles("parent")
def checkout() -> ResponseReturnValue:
    """Check answers before paying: each session, the total, the credit, until when it is held, the ways to pay."""
    return _check_answers()


def _check_answers(problem: str | None = None, status: int = 200) -> ResponseReturnValue:
    at = clock.now()
    summary = checkout_of(_account(), at=at)
    if summary is None or summary.has_ended:
        flash(str(HoldEnded() if summary else NothingToPay()))
        return redirect(url_for("bookings.basket"), 303)
    settings = _settings()
    page = render_template(
        "payments/checkout.html",
        summary=summary,
        problem=problem,
        due_on=clock.to_school(office_due_at(at)).date(),
        has_cards=settings.stripe_secret_key is not None,
        uses_double=settings.uses_double,
    )
    return page, status


@blueprint.post("/checkout/pay")
@for_roles("parent")
def pay() -> ResponseReturnValue:
    """Pay the basket in one way, and book it (by card: go on to Stripe's page)."""
    form, at, account_id = PayForm(), clock.now(), _account()
    if not form.validate_on_submit():
        return _check_answers(" ".join(sentence for _, sentence in form.error_list), 422)
    user_id, tender, seen_pence = current_user.id, form.tender.data, form.seen_pence.data
    try:
        if tender == "card":
            gateway = _gateway()
            with unit_of_work():
                payment = start_card(account_id, seen_pence=seen_pence, at=at, user_id=user_id)
            return _go_on(
                payment, open_page(payment.id, gateway=gateway, base_url=_settings().base_url, at=at)
            )
        with unit_of_work():
            reference = pay_basket(account_id, tender, seen_pence=seen_pence, at=at, user_id=user_id)
    except NothingToPay:
        return _paid_before(form.reference.data) or _check_answers()
    except BookingError as error:
        return _check_answers(str(error), 503 if isinstance(error, CardPageUnreachable) else 422)
    return redirect(url_for("payments.confirmation", reference=reference), 303)


def _paid_before(reference: str) -> ResponseReturnValue | None:
    """Pressed twice, or on two phones: what was just booked is the answer, and it was paid once."""
    with suppress(NotFound):
        confirmation_of(reference, _accounts(), clock.today())
        return redirect(url_for("payments.confirmation", reference=reference), 303)
    return None


@blueprint.get("/checkout/back")
@for_roles("parent")
def back() -> ResponseReturnValue:
    """Back from Stripe's page: ask Stripe, and do what its event would do (the one page of this room that writes)."""
    session_id = request.args.get("session_id", "")
    if not SESSION_ID.fullmatch(session_id):
        raise NotFound
    gateway, accounts, user_id = _gateway(), _accounts(), current_user.id
    try:
        payment = returned_payment(accounts, session_id, gateway=gateway)
        payment_id = payment.id
        outcome = fulfil(session_id, gateway=gateway, at=clock.now(), user_id=user_id)
    except StripeOutOfReach:
        return render_template("payments/waiting.html", session_id=session_id, is_asked=False)
    return _go_on(db.session.get_one(Payment, payment_id), WhereNext(None, outcome, session_id))


def _go_on(payment: Payment, where: WhereNext) -> ResponseReturnValue:
    """The page that belongs to how a card payment stands."""
    if where.url is not None:
        return redirect(where.url, 303)
    if where.outcome is Outcome.BOOKED and payment.basket is not None:
        return redirect(url_for("payments.confirmation", reference=payment.basket.reference), 303)
    if where.outcome is Outcome.REFUNDING:
        return render_template("payments/refunding.html", payment=payment)
    if where.outcome is Outcome.WAITING:
        return render_template("payments/waiting.html", session_id=where.session_id, is_asked=True)
    if where.outcome is Outcome.OPEN:
        return redirect(url_for("payments.cancelled", payment_id=payment.id), 303)
    flash("The card page is closed. You did not pay.")
    return redirect(url_for("payments.checkout"), 303)


@blueprint.get("/checkout/cancelled/<int:payment_id>")
@for_roles("parent")
def cancelled(payment_id: int) -> ResponseReturnValue:
    """The parent came back without paying: the card page is still open, to go back to or to close."""
    payment = payment_of(_accounts(), payment_id)
    if payment.state != "started":
        is_paid = payment.state == "paid" and payment.basket is not None and payment.basket.state == "booked"
        return _go_on(payment, WhereNext(None, Outcome.BOOKED if is_paid else Outcome.GIVEN_UP))
    summary = checkout_of(payment.account_id, at=clock.now())
    return render_template("payments/cancelled.html", payment=payment, summary=summary)


@blueprint.post("/checkout/close/<int:payment_id>")
@for_roles("parent")
def close(payment_id: int) -> ResponseReturnValue:
    """Close the card page at Stripe and go back to the ways to pay; when it was paid after all, it is booked."""
    payment = payment_of(_accounts(), payment_id)
    try:
        outcome = close_page(payment.id, gateway=_gateway(), at=clock.now(), user_id=current_user.id)
    except StripeOutOfReach:
        flash("We cannot reach the card page just now. It is still open. Try again in a minute.")
        return redirect(url_for("payments.cancelled", payment_id=payment_id), 303)
    return _go_on(db.session.get_one(Payment, payment_id), WhereNext(None, outcome))


@blueprint.get("/bookings/<reference>")
@for_roles("parent")
def confirmation(reference: str) -> ResponseReturnValue:
    """What was booked, for as long as anybody keeps the link; nobody else's."""
    found = confirmation_of(reference, _accounts(), clock.today())
    return render_template("payments/confirmation.html", confirmation=found)


@blueprint.get("/bookings/<reference>/calendar.ics")
@for_roles("parent")
def calendar(reference: str) -> ResponseReturnValue:
    """The same as a calendar file."""
    content = calendar_of(reference, _accounts(), at=clock.now())
    headers = {"Content-Disposition": f'attachment; filename="eight-till-six-{reference}.ics"'}
    return Response(content, mimetype="text/calendar", headers=headers)


@blueprint.get("/account")
@for_roles("parent")
def account() -> ResponseReturnValue:
    """The family's balance in plain words, what is due when, and every line of its account."""
    account_id, at = _account(), clock.now()
    credit, today = credit_pence(account_id), clock.today(at)
    return render_template(
        "payments/account.html",
        credit_pence=max(credit, 0),
        owed_pence=max(-credit, 0),
        owed=what_is_owed(account_id, at=at),
        rows=statement_of(account_id, today),
        invoices=invoices_of({account_id}, today),
        with_receipt=paying_payments({account_id}, today),
        sends_texts=_settings().sends_texts,
    )


@blueprint.post("/webhooks/stripe")
@for_anyone
def stripe_webhook() -> ResponseReturnValue:
    """Stripe's signed events; whatever is not signed by Stripe just now gets 400 and leaves one line in the log."""
    request.max_content_length = LARGEST_EVENT
    settings, at = _settings(), clock.now()
    try:
        body = request.get_data(cache=False)
        header = request.headers.get("Stripe-Signature", "")
        event = read_event(body, header, settings.stripe_webhook_secrets, at=at)
    except (BadSignature, RequestEntityTooLarge) as error:
        log.warning("webhook refused", why=str(error))
        return Response("refused\n", 400, mimetype="text/plain")
    try:
        take_event(event, gateway=_gateway(), at=at)
    except StripeOutOfReach:
        return Response("later\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")


for address, view, methods in statement_views.ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
