"""Pages of paying: check answers, the way to Stripe and back, confirmation, the family's account, and the webhook."""

from __future__ import annotations

import re

import structlog
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError, NotFound
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
    start_debt_card,
)
from booking.payments.confirmation import calendar_of, confirmation_of
from booking.payments.forms import DebtForm, PayForm
from booking.payments.fulfilment import Outcome, fulfil
from booking.payments.gateway import BadSignature, StripeOutOfReach, read_event
from booking.payments.going_on_views import (
    card_gateway,
    current_settings,
    go_on,
    has_cards,
    own_account,
    own_accounts,
    paid_before,
    paying_facts,
)
from booking.payments.invoices import invoices_of
from booking.payments.kept_cards import ask_to_forget, has_kept_card, let_stripe_know
from booking.payments.models import Payment
from booking.payments.office_till import pay_basket
from booking.payments.on_account import late_seen, money_back, plan_seen
from booking.payments.promises import SCHEMES, what_is_owed
from booking.payments.receipts import paying_payments
from booking.payments.reference_views import child_reference
from booking.payments.split_words import simple_scheme
from booking.payments.statement import statement_of
from booking.payments.stripe_events import take_event
from booking.payments.to_pay import HoldEnded, NothingToPay, checkout_of
from booking.payments.to_send import lines_to_send, to_send
from booking.payments.ways_views import ways
from booking.web.audience import for_anyone, for_roles

blueprint = Blueprint("payments", __name__)
log = structlog.get_logger()
blueprint.add_url_rule(
    "/account/references/<int:pupil_id>", "child_reference", child_reference, methods=("GET", "POST")
)
blueprint.add_url_rule("/checkout/ways", "ways", ways, methods=("GET", "POST"))
SESSION_ID = re.compile(r"cs_[A-Za-z0-9_]{1,110}")
LARGEST_EVENT = 1024 * 1024


@blueprint.get("/checkout")
@for_roles("parent")
def checkout() -> ResponseReturnValue:
    """Check answers before paying: each session, the total, the credit, until when it is held, the ways to pay."""
    return _check_answers()


def _check_answers(problem: str | None = None, status: int = 200) -> ResponseReturnValue:
    at = clock.now()
    summary = checkout_of(own_account(), at=at)
    if summary is None or summary.has_ended:
        flash(str(HoldEnded() if summary else NothingToPay()))
        return redirect(url_for("bookings.basket"), 303)
    if summary.card_page is not None and summary.card_page.awaited_since is not None:
        waits = WhereNext(None, Outcome.WAITING, summary.card_page.stripe_session_id)
        return go_on(summary.card_page, waits)
    page = render_template(
        "payments/checkout.html",
        summary=summary,
        problem=problem,
        scheme=simple_scheme(summary, has_cards=has_cards(), at=at),
        **paying_facts(at),
    )
    return page, status


@blueprint.post("/checkout/pay")
@for_roles("parent")
def pay() -> ResponseReturnValue:
    """Pay the basket in one way, and book it (by card: go on to Stripe's page)."""
    form, at, account_id = PayForm(), clock.now(), own_account()
    if not form.validate_on_submit():
        return _check_answers(" ".join(sentence for _, sentence in form.error_list), 422)
    user_id, tender, seen_pence = current_user.id, form.tender.data, form.seen_pence.data
    try:
        if tender == "card":
            gateway = card_gateway()
            with unit_of_work():
                payment = start_card(account_id, seen_pence=seen_pence, at=at, user_id=user_id)
            let_stripe_know(user_id, gateway=gateway, at=at)
            return go_on(
                payment, open_page(payment.id, gateway=gateway, base_url=current_settings().base_url, at=at)
            )
        with unit_of_work():
            reference = pay_basket(account_id, tender, seen_pence=seen_pence, at=at, user_id=user_id)
    except NothingToPay:
        return paid_before(form.reference.data) or _check_answers()
    except BookingError as error:
        return _check_answers(str(error), 503 if isinstance(error, CardPageUnreachable) else 422)
    return redirect(url_for("payments.confirmation", reference=reference), 303)


@blueprint.get("/checkout/back")
@for_roles("parent")
def back() -> ResponseReturnValue:
    """Back from Stripe's page: ask Stripe, and do what its event would do (the one page of this room that writes)."""
    session_id = request.args.get("session_id", "")
    if not SESSION_ID.fullmatch(session_id):
        raise NotFound
    gateway, accounts, user_id = card_gateway(), own_accounts(), current_user.id
    try:
        payment = returned_payment(accounts, session_id, gateway=gateway)
        payment_id = payment.id
        outcome = fulfil(session_id, gateway=gateway, at=clock.now(), user_id=user_id)
    except StripeOutOfReach:
        return render_template("payments/waiting.html", session_id=session_id, is_asked=False)
    return go_on(db.session.get_one(Payment, payment_id), WhereNext(None, outcome, session_id))


@blueprint.get("/checkout/cancelled/<int:payment_id>")
@for_roles("parent")
def cancelled(payment_id: int) -> ResponseReturnValue:
    """The parent came back without paying: the card page is still open, to go back to or to close."""
    payment = payment_of(own_accounts(), payment_id)
    if payment.state == "started" and payment.awaited_since is not None:
        return go_on(payment, WhereNext(None, Outcome.WAITING, payment.stripe_session_id))
    if payment.state != "started":
        is_paid = payment.state == "paid" and (payment.basket is None or payment.basket.state == "booked")
        return go_on(payment, WhereNext(None, Outcome.BOOKED if is_paid else Outcome.GIVEN_UP))
    summary = checkout_of(payment.account_id, at=clock.now())
    return render_template("payments/cancelled.html", payment=payment, summary=summary)


@blueprint.post("/checkout/close/<int:payment_id>")
@for_roles("parent")
def close(payment_id: int) -> ResponseReturnValue:
    """Close the card page at Stripe and go back to the ways to pay; when it was paid after all, it is booked."""
    payment = payment_of(own_accounts(), payment_id)
    try:
        outcome = close_page(payment.id, gateway=card_gateway(), at=clock.now(), user_id=current_user.id)
    except StripeOutOfReach:
        flash("We cannot reach the card page just now. It is still open. Try again in a minute.")
        return redirect(url_for("payments.cancelled", payment_id=payment_id), 303)
    return go_on(db.session.get_one(Payment, payment_id), WhereNext(None, outcome))


@blueprint.get("/bookings/<reference>")
@for_roles("parent")
def confirmation(reference: str) -> ResponseReturnValue:
    """What was booked, for as long as anybody keeps the link; nobody else's."""
    at = clock.now()
    found = confirmation_of(reference, own_accounts(), clock.today(at))
    sends = [one for one in to_send(found.account_id, at=at) if one.booking == reference]
    return render_template("payments/confirmation.html", confirmation=found, to_send=sends)


@blueprint.get("/bookings/<reference>/calendar.ics")
@for_roles("parent")
def calendar(reference: str) -> ResponseReturnValue:
    """The same as a calendar file."""
    content = calendar_of(reference, own_accounts(), at=clock.now())
    headers = {"Content-Disposition": f'attachment; filename="eight-till-six-{reference}.ics"'}
    return Response(content, mimetype="text/calendar", headers=headers)


@blueprint.get("/account")
@for_roles("parent")
def account() -> ResponseReturnValue:
    """The family's balance in plain words, what is due when, and every line of its account."""
    account_id, at = own_account(), clock.now()
    credit, owed, today = credit_pence(account_id), what_is_owed(account_id, at=at), clock.today(at)
    return render_template(
        "payments/account.html",
        credit_pence=max(credit, 0),
        owed_pence=max(-credit, 0),
        owed=[one for one in owed if one.tender not in SCHEMES],
        has_cards=has_cards(),
        to_send=lines_to_send(account_id, owed, at=at),
        rows=statement_of(account_id, today),
        invoices=invoices_of({account_id}, today),
        with_receipt=paying_payments({account_id}, today),
        back=money_back(account_id, at),
        plan=plan_seen(account_id, today),
        late=late_seen(account_id, at),
        sends_texts=current_settings().sends_texts,
        has_kept_card=has_kept_card(current_user.id),
    )


@blueprint.post("/account/pay")
@for_roles("parent")
def pay_debt() -> ResponseReturnValue:
    """Pay what is owed by card: on to Stripe's page, or back to the one that is open."""
    form, at, user_id = DebtForm(), clock.now(), current_user.id
    if not form.validate_on_submit():
        flash("Load the page again, then pay.")
        return redirect(url_for("payments.account"), 303)
    gateway = card_gateway()
    try:
        with unit_of_work():
            payment = start_debt_card(own_account(), seen_pence=form.seen_pence.data, at=at, user_id=user_id)
        let_stripe_know(user_id, gateway=gateway, at=at)
        return go_on(
            payment, open_page(payment.id, gateway=gateway, base_url=current_settings().base_url, at=at)
        )
    except BookingError as error:
        flash(str(error))
        return redirect(url_for("payments.account"), 303)


@blueprint.post("/account/forget-card")
@for_roles("parent")
def forget_card() -> ResponseReturnValue:
    """Let the card company forget this parent's card; nothing of a card is kept here."""
    at, user_id = clock.now(), current_user.id
    with unit_of_work():
        ask_to_forget(user_id, at=at)
    flash("Your card is being forgotten. The next time you type it in again.")
    return redirect(url_for("payments.account"), 303)


@blueprint.post("/webhooks/stripe")
@for_anyone
def stripe_webhook() -> ResponseReturnValue:
    """Stripe's signed events; whatever is not signed by Stripe just now gets 400 and leaves one line in the log."""
    request.max_content_length = LARGEST_EVENT
    settings, at = current_settings(), clock.now()
    try:
        body = request.get_data(cache=False)
        header = request.headers.get("Stripe-Signature", "")
        event = read_event(body, header, settings.stripe_webhook_secrets, at=at)
    except (BadSignature, RequestEntityTooLarge) as error:
        log.warning("webhook refused", why=str(error))
        return Response("refused\n", 400, mimetype="text/plain")
    try:
        take_event(event, gateway=card_gateway(), at=at)
    except StripeOutOfReach:
        return Response("later\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")


for address, view, methods in statement_views.ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
