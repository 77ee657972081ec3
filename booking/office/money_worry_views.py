"""The office's page of what about money a person must look at, with what to do about each."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.db import unit_of_work
from booking.payments.looking_after import last_compared
from booking.payments.money_worries import mark_seen, open_worries, past_worries
from booking.web.audience import for_roles

WHAT_TO_DO = {
    "not_here": "Find this payment at Stripe. Ask who paid and what for. Refund it there, or book by hand.",
    "not_at_stripe": "Stripe does not know this payment. Tell who looks after the site: do not refund it.",
    "state": "The family paid, and it is not booked here. Look again in ten minutes. If it is still here, "
    "ring the family, and refund it at Stripe or book by hand.",
    "amount": "Look at Stripe what was paid. Tell who looks after the site before you change anything.",
    "refund_not_here": "Somebody sent this back at Stripe. It is noted here by itself when Stripe tells us. "
    "If this stays till tomorrow, tell who looks after the site.",
    "refund_not_at_stripe": "The family was told that it goes back, and Stripe does not know of it. "
    "Send it back at Stripe by hand, once.",
    "refund_amount": "Look at Stripe what went back. Tell who looks after the site.",
    "refund_state": "Look at Stripe whether this went back. Ring the family if it did not.",
    "refund_waits": "It is tried again by itself. If it is still here tomorrow, look at Stripe whether it went, "
    "and only if not send it back there by hand.",
    "refund_failed": "The family has it as credit, and has a letter. Ask whether they want it in another way.",
    "dispute_opened": "Answer at Stripe by the day that stands there, with the booking and the register. "
    "Do not refund it: the bank has the money already. Speak to the family.",
    "dispute_won": "The money is back. There is nothing to do.",
    "dispute_lost": "The family owes this again. Speak to them before a reminder goes out.",
    "dispute_not_here": "Look at this dispute at Stripe and answer it there. If this stays till tomorrow, "
    "tell who looks after the site.",
    "dispute_state": "Look at this dispute at Stripe. Tell who looks after the site.",
    "inquiry": "Answer at Stripe. If you do not, the bank may take the money back.",
    "started_long": "Look at Stripe whether it was paid. The places are kept until we know. "
    "If Stripe cannot be reached for long, tell who looks after the site.",
    "bank_long": "The places are kept until the bank says yes or no. Ring the family and offer another way.",
    "fee": "Tell who looks after the site. No family is touched by this.",
    "payout": "Tell who looks after the site. No family is touched by this.",
    "movement_not_there": "Tell who looks after the site. No family is touched by this.",
    "unknown_movement": "Look at Stripe what this was. Your finance office posts it by hand.",
    "ledger": "Somebody may have changed the books. Tell who looks after the site today.",
    "orphan": "Somebody may have changed the books. Tell who looks after the site today.",
    "balance": "Tell who looks after the site. Each payment agrees, but the sum does not.",
    "no_key": "The site has lost its key to Stripe. Tell who looks after the site today.",
}


@for_roles("manager")
def money_worries() -> ResponseReturnValue:
    """What nobody has seen to yet, with what to do; then what is past."""
    return render_template(
        "office/money_worries.html",
        worries=open_worries(),
        past=past_worries(),
        what_to_do=WHAT_TO_DO,
        compared=last_compared(),
    )


@for_roles("manager")
def money_worry_seen(worry_id: int) -> ResponseReturnValue:
    """Somebody has seen to it: it stays on the page, among what is past."""
    at, user_id = clock.now(), current_user.id
    with unit_of_work():
        mark_seen(worry_id, at=at, user_id=user_id)
    flash("Noted as done, with your name.")
    return redirect(url_for("office.money_worries"), 303)
