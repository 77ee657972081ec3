"""The pages on which a parent pays one basket in several ways."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import unit_of_work
from booking.core.errors import BookingError
from booking.payments.checkout import CardPageUnreachable, open_page, start_card
from booking.payments.forms import WaysForm, ways_form
from booking.payments.going_on_views import (
    card_gateway,
    current_settings,
    go_on,
    has_cards,
    own_account,
    paid_before,
    paying_facts,
)
from booking.payments.kept_cards import let_stripe_know
from booking.payments.several_ways import book_promised, split_of, ways_of
from booking.payments.split_words import split_words
from booking.payments.to_pay import NothingToPay, checkout_of
from booking.web.audience import for_roles


@for_roles("parent")
def ways() -> ResponseReturnValue:
    """Pay in several ways: say how much by which, look at the amounts, then book (and go on to the card page)."""
    at, account_id = clock.now(), own_account()
    summary = checkout_of(account_id, at=at)
    if summary is None:
        return paid_before(request.form.get("reference", "")) or redirect(url_for("payments.checkout"), 303)
    if summary.card_page is not None or summary.has_ended:
        return redirect(url_for("payments.checkout"), 303)
    found = ways_of(summary, at=at)
    form = ways_form(found, has_cards=has_cards())
    shown: dict[str, Any] = {"form": form, "summary": summary, "ways": found, **paying_facts(at)}
    if not form.validate_on_submit() or form.act.data == "change":
        status = 422 if form.is_submitted() and form.error_list else 200
        return render_template("payments/ways.html", problem=None, **shown), status
    try:
        if form.act.data == "pay":
            return _pay_in_ways(form, account_id, at)
        split = split_of(summary, found, form.choice(), form.order.data)
    except NothingToPay:
        return paid_before(form.reference.data) or redirect(url_for("payments.checkout"), 303)
    except BookingError as error:
        status = 503 if isinstance(error, CardPageUnreachable) else 422
        return render_template("payments/ways.html", problem=str(error), **shown), status
    return render_template("payments/split.html", split=split_words(summary, found, split), **shown)


def _pay_in_ways(form: WaysForm, account_id: int, at: datetime) -> ResponseReturnValue:
    seen_pence, card_pence = form.seen_pence.data or 0, form.seen_card_pence.data or 0
    user_id, choice, order = current_user.id, form.choice(), form.order.data
    if not card_pence:
        with unit_of_work():
            reference = book_promised(
                account_id, choice, order, seen_pence=seen_pence, at=at, user_id=user_id
            )
        return redirect(url_for("payments.confirmation", reference=reference), 303)
    gateway = card_gateway()
    with unit_of_work():
        payment = start_card(
            account_id,
            seen_pence=seen_pence,
            at=at,
            user_id=user_id,
            choice=choice,
            order=order,
            seen_card_pence=card_pence,
        )
    let_stripe_know(user_id, gateway=gateway, at=at)
    return go_on(payment, open_page(payment.id, gateway=gateway, base_url=current_settings().base_url, at=at))
