"""Pages of money that goes back or is given up: ask, look, and the second person's yes or no."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.money import format_pence
from booking.core.words import short_day
from booking.ledger.arrears_models import LateCharge
from booking.ledger.balances import credit_pence, is_reversed
from booking.ledger.terms import terms_on
from booking.office.arrears_forms import RefundForm, WaiveForm, WriteOffForm
from booking.payments.card_credit import card_parts
from booking.payments.decision_models import MoneyDecision
from booking.payments.decisions import (
    Wish,
    ask_for,
    decide,
    latest_decisions,
    take_back_write_off,
    waiting_decisions,
    withdraw,
)
from booking.payments.models import Payment
from booking.people.models import FamilyAccount
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.fresh_proof import needs_fresh_proof

KIND_WORDS = {"refund": "Back to the card", "write_off": "Write off", "waive": "Late charge let off"}
DONE_WORDS = {
    "refund": "{} is on its way back to the card.",
    "write_off": "{} is written off.",
    "waive": "The charge of {} is taken back.",
}
WAITS = "Written down. Nothing has moved yet: {} waits for a second person’s yes."


def family_of(account_id: int) -> FamilyAccount:
    """The family account of an address, or a 404."""
    account = db.session.get(FamilyAccount, account_id)
    if account is None:
        raise NotFound
    return account


def _words(decision: MoneyDecision) -> str:
    words = DONE_WORDS[decision.kind] if decision.state == "approved" else WAITS
    return words.format(format_pence(decision.amount_pence))


@for_roles("manager")
@needs_fresh_proof()
def refund(account_id: int) -> ResponseReturnValue:
    """Give credit back to the card that it came from: all of it filled in, to the newest payment first."""
    account, at = family_of(account_id), clock.now()
    parts = card_parts(account_id)
    most_pence = sum(part.amount_pence for part in parts)
    form = RefundForm(data={"amount_pence": most_pence or None, "payment_id": 0})
    cards = db.session.scalars(
        select(Payment)
        .where(Payment.account_id == account_id, Payment.tender == "card", Payment.state == "paid")
        .order_by(Payment.paid_at.desc())
    )
    form.payment_id.choices = [
        (0, "The newest first"),
        *(
            (one.id, f"{format_pence(one.amount_pence)} paid on {short_day(clock.today(one.paid_at))}")
            for one in cards
            if one.paid_at is not None
        ),
    ]

    def act() -> str:
        wish = Wish(
            form.key.data,
            "refund",
            account_id,
            form.amount_pence.data,
            form.reason.data,
            payment_id=form.payment_id.data or None,
        )
        return _words(ask_for(wish, at=at, by=current_user))

    return answer_form(
        form,
        act,
        template="office/refund.html",
        done=url_for("office.family", account_id=account_id),
        account=account,
        most_pence=most_pence,
        credit_pence=max(credit_pence(account_id), 0),
        limit_pence=terms_on(clock.today(at)).second_yes_pence,
    )


@for_roles("manager")
@needs_fresh_proof()
def write_off(account_id: int) -> ResponseReturnValue:
    """Ask to give up a debt; a second person decides."""
    account, at = family_of(account_id), clock.now()
    owed_pence = max(-credit_pence(account_id), 0)
    form = WriteOffForm(data={"amount_pence": owed_pence or None})

    def act() -> str:
        wish = Wish(form.key.data, "write_off", account_id, form.amount_pence.data, form.reason.data)
        return _words(ask_for(wish, at=at, by=current_user))

    return answer_form(
        form,
        act,
        template="office/write_off.html",
        done=url_for("arrears.family", account_id=account_id),
        account=account,
        owed_pence=owed_pence,
    )


@for_roles("manager")
@needs_fresh_proof()
def waive(charge_id: int) -> ResponseReturnValue:
    """Let a family off a late collection charge, with the reason."""
    charge, at = db.session.get(LateCharge, charge_id), clock.now()
    if charge is None:
        raise NotFound
    form, account_id, pence = WaiveForm(), charge.account_id, charge.amount_pence

    def act() -> str:
        wish = Wish(form.key.data, "waive", account_id, pence, form.reason.data, late_charge_id=charge_id)
        return _words(ask_for(wish, at=at, by=current_user))

    return answer_form(
        form,
        act,
        template="office/waive.html",
        done=url_for("arrears.family", account_id=account_id),
        charge=charge,
    )


@for_roles("manager")
def decisions() -> ResponseReturnValue:
    """What waits for a second person, and what was decided last."""
    return render_template(
        "office/money_decisions.html",
        waiting=waiting_decisions(),
        latest=latest_decisions(),
        kinds=KIND_WORDS,
    )


@for_roles("manager")
def decision(decision_id: int) -> ResponseReturnValue:
    """One wish with its reason, and who may decide it."""
    found = db.session.get(MoneyDecision, decision_id)
    if found is None:
        raise NotFound
    return render_template(
        "office/money_decision.html",
        decision=found,
        kinds=KIND_WORDS,
        credit_pence=credit_pence(found.account_id),
        is_taken_back=found.kind == "write_off" and is_reversed(f"write_off:{found.id}"),
    )


@for_roles("manager", grant="approves")
@needs_fresh_proof()
def decide_money(decision_id: int) -> ResponseReturnValue:
    """The second person's yes or no."""
    is_yes = request.form.get("answer") == "yes"

    def act() -> str:
        found = decide(decision_id, is_yes, at=clock.now(), by=current_user)
        return _words(found) if is_yes else "Refused. Nothing has moved."

    return answer_press(act, done=url_for("arrears.decision", decision_id=decision_id))


@for_roles("manager")
def withdraw_money(decision_id: int) -> ResponseReturnValue:
    """Whoever asked takes the wish back."""

    def act() -> str:
        withdraw(decision_id, at=clock.now(), by=current_user)
        return "Taken back. Nothing has moved."

    return answer_press(act, done=url_for("arrears.decision", decision_id=decision_id))


@for_roles("manager")
@needs_fresh_proof()
def take_back(decision_id: int) -> ResponseReturnValue:
    """A debt that was written off is paid after all."""

    def act() -> str:
        take_back_write_off(decision_id, at=clock.now(), by=current_user)
        return "The debt stands again, and the family’s credit has paid it."

    return answer_press(act, done=url_for("arrears.decision", decision_id=decision_id))
