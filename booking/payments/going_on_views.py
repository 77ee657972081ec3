"""What every view of paying needs: whose account it is, the way to Stripe, and where a payment leads."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from flask import abort, current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.errors import NotFound
from booking.core.money import format_pence
from booking.core.settings import Settings
from booking.payments.checkout import WhereNext
from booking.payments.confirmation import confirmation_of
from booking.payments.fulfilment import Outcome
from booking.payments.gateway import Gateway, gateway_of
from booking.payments.models import Payment
from booking.payments.to_pay import office_due_at


def current_settings() -> Settings:
    """The settings of this app."""
    found: Settings = current_app.extensions["booking_settings"]
    return found


def card_gateway() -> Gateway:
    """The way to Stripe, or 503 where no card is taken."""
    gateway = gateway_of(current_settings())
    if gateway is None:
        abort(503)
    return gateway


def own_accounts() -> set[int]:
    """The accounts of whoever is signed in."""
    return {account.id for account in current_user.accounts}


def own_account() -> int:
    """The account that this parent books on; a parent without one has nothing here."""
    if not current_user.accounts:
        raise NotFound
    account_id: int = current_user.accounts[0].id
    return account_id


def has_cards() -> bool:
    """Whether the school takes cards."""
    return current_settings().stripe_secret_key is not None


def paying_facts(at: datetime) -> dict[str, Any]:
    """What every page of paying knows: whether cards are taken, with true money or not, and the day to pay later by."""
    due_on = clock.to_school(office_due_at(at)).date()
    return {"due_on": due_on, "has_cards": has_cards(), "uses_double": current_settings().uses_double}


def paid_before(reference: str) -> ResponseReturnValue | None:
    """Pressed twice, or on two phones: what was just booked is the answer, and it was paid once."""
    with suppress(NotFound):
        confirmation_of(reference, own_accounts(), clock.today())
        return redirect(url_for("payments.confirmation", reference=reference), 303)
    return None


def go_on(payment: Payment, where: WhereNext) -> ResponseReturnValue:
    """The page that belongs to how a card payment stands."""
    if where.url is not None:
        return redirect(where.url, 303)
    if where.outcome is Outcome.BOOKED and payment.basket is not None:
        return redirect(url_for("payments.confirmation", reference=payment.basket.reference), 303)
    if where.outcome is Outcome.BOOKED:
        flash(f"Thank you. {format_pence(payment.amount_pence)} was paid by card.")
        return redirect(url_for("payments.account"), 303)
    if where.outcome is Outcome.REFUNDING:
        return render_template("payments/refunding.html", payment=payment)
    if where.outcome is Outcome.WAITING:
        return render_template("payments/waiting.html", session_id=where.session_id, is_asked=True)
    if where.outcome is Outcome.OPEN:
        return redirect(url_for("payments.cancelled", payment_id=payment.id), 303)
    flash("The card page is closed. You did not pay.")
    return redirect(url_for("payments.checkout" if payment.basket_id else "payments.account"), 303)
