"""Pages of families: who owes, who has not joined, and money handed in at the office."""

from __future__ import annotations

import secrets

from flask import current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.bookings.baskets import bookable_pupils
from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.core.money import format_pence
from booking.core.words import counted
from booking.ledger.balances import credit_pence
from booking.office.families import (
    accounts,
    children_of,
    invite_contact,
    invite_everybody,
    invitees,
    without_email,
)
from booking.office.forms import PressForm, TillForm
from booking.payments.card_credit import refundable_to_card_pence
from booking.payments.office_till import take_office_payment
from booking.payments.promises import what_is_owed
from booking.payments.references import references_of
from booking.payments.statement import statement_of
from booking.people.models import FamilyAccount
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press

A_PAGE = 100


def _base_url() -> str:
    url: str = current_app.extensions["booking_settings"].base_url
    return url


@for_roles("manager")
def families() -> ResponseReturnValue:
    """Family accounts by letters of a name, or those alone that owe."""
    wanted, only_owing = request.args.get("q", "").strip()[:80], "owing" in request.args
    found = accounts(wanted, only_owing=only_owing)
    start = max(0, request.args.get("from", 0, type=int))
    return render_template(
        "office/families.html",
        rows=found[start : start + A_PAGE],
        total=len(found),
        start=start,
        next_start=start + A_PAGE if len(found) > start + A_PAGE else None,
        owed_pence=sum(-row.credit_pence for row in found if row.credit_pence < 0),
        wanted=wanted,
        only_owing=only_owing,
    )


@for_roles("manager")
def family(account_id: int) -> ResponseReturnValue:
    """One family account: who, what it owes or has, and money handed in now."""
    account = db.session.get(FamilyAccount, account_id)
    if account is None:
        raise NotFound
    at, form = clock.now(), TillForm()

    def take() -> str:
        take_office_payment(account_id, form.amount_pence.data, at=at, user_id=current_user.id)
        return f"{format_pence(form.amount_pence.data)} taken from {account.name}."

    return answer_form(
        form,
        take,
        template="office/family.html",
        done=url_for("office.family", account_id=account_id),
        account=account,
        children=children_of(account),
        credit_pence=credit_pence(account_id),
        owed=what_is_owed(account_id, at=at),
        pupils=bookable_pupils(account_id, clock.today(at)),
        references=references_of(account_id),
        rows=statement_of(account_id)[:50],
        back_pence=refundable_to_card_pence(account_id),
        refund_key=secrets.token_urlsafe(18),
    )


@for_roles("manager")
def joining() -> ResponseReturnValue:
    """Who has not joined yet: a button for each, one for all, and those who need a letter on paper."""
    class_name = request.args.get("class", "")[:40]
    everybody = invitees(clock.now())
    people = [one for one in everybody if not class_name or class_name in one.classes]
    return render_template(
        "office/joining.html",
        people=people,
        class_name=class_name,
        classes=sorted({name for one in everybody for name in one.classes if name}),
        not_invited=sum(one.invited_at is None for one in people),
        without_email=without_email(),
        press=PressForm(),
    )


@for_roles("manager")
def invite_one(contact_id: int) -> ResponseReturnValue:
    """Send one adult a fresh link."""

    def send() -> str:
        email = invite_contact(contact_id, base_url=_base_url(), at=clock.now(), user_id=current_user.id)
        return f"An invitation is on its way to {email}."

    return answer_press(send, done=url_for("office.joining"))


@for_roles("manager")
def invite_all() -> ResponseReturnValue:
    """Send a link to everybody who has neither joined nor an open invitation."""

    def send() -> str:
        count = invite_everybody(
            base_url=_base_url(),
            at=clock.now(),
            user_id=current_user.id,
            class_name=request.form.get("class_name", "")[:40],
        )
        return f"{counted(count, 'invitation')} on the way."

    return answer_press(send, done=url_for("office.joining"))
