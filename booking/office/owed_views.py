"""What one family owes: its debts, notes and plan, and a statement by e-mail or on paper."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.words import counted
from booking.ledger.arrears import BY_HAND, add_note, end_note, notes_of
from booking.ledger.arrears_models import ArrearsNote, LateCharge, PaymentPlan
from booking.ledger.balances import credit_pence
from booking.ledger.plans import Part, agree_plan, end_plan
from booking.office.arrears import owed_rows
from booking.office.arrears_forms import NoteForm, PlanForm
from booking.office.decision_views import family_of
from booking.office.owed_letters import lines_of, owed_letters_pdf, send_statement
from booking.payments.decisions import refuse_own_family
from booking.payments.on_account import plan_seen
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press

NOTE_WORDS = {
    **BY_HAND,
    "contact": "Contact",
    "promise": "Promised to pay",
    "hardship": "Money is tight: no reminders",
    "let_through": "May book above the limit",
    "reminder": "Reminder sent",
    "plan_missed": "Told that a part of the plan did not come",
}
EVERY = {"week": 7, "fortnight": 14, "month": 0}


@for_roles("manager")
def family(account_id: int) -> ResponseReturnValue:
    """One family's debts with their ages, and a form to note what was said."""
    account, at, form = family_of(account_id), clock.now(), NoteForm()
    today = clock.today(at)
    row = next(iter(owed_rows(at, account_id=account_id)), None)
    charges = select(LateCharge).where(LateCharge.account_id == account_id, LateCharge.ended_at.is_(None))

    def act() -> str:
        refuse_own_family(current_user, account_id)
        add_note(account_id, form.kind.data, form.words.data, form.until.data, at=at, user_id=current_user.id)
        return "Noted."

    return answer_form(
        form,
        act,
        template="office/owed_family.html",
        done=url_for("arrears.family", account_id=account_id),
        account=account,
        row=row,
        debts=[(debt, lines_of([debt], (), today)) for debt in row.debts] if row else [],
        today=today,
        plan=plan_seen(account_id, today),
        notes=notes_of(account_id),
        note_words=NOTE_WORDS,
        charges=list(db.session.scalars(charges.order_by(LateCharge.date.desc()))),
        is_live=lambda note: note.ended_at is None and (note.until is None or note.until >= today),
    )


@for_roles("manager")
def end_family_note(account_id: int, note_id: int) -> ResponseReturnValue:
    """A stop, promise or let-through holds no more."""

    def act() -> str:
        refuse_own_family(current_user, account_id)
        note = db.session.get(ArrearsNote, note_id)
        if note is not None and note.account_id == account_id:
            end_note(note_id, at=clock.now(), user_id=current_user.id)
        return "It holds no more."

    return answer_press(act, done=url_for("arrears.family", account_id=account_id))


@for_roles("manager")
def send_family_statement(account_id: int) -> ResponseReturnValue:
    """Statement and the link to pay, to every adult of the family, in one tap."""
    family_of(account_id)

    def act() -> str:
        number = send_statement(account_id, at=clock.now(), user_id=current_user.id)
        return f"A statement with the link to pay is on its way to {counted(number, 'adult')}."

    return answer_press(act, done=url_for("arrears.family", account_id=account_id))


@for_roles("manager")
def family_letter(account_id: int) -> ResponseReturnValue:
    """The same on paper for one family."""
    family_of(account_id)
    return print_owed(account_id)


def print_owed(account_id: int | None) -> ResponseReturnValue:
    """Letters as a PDF to be kept; that they were printed is noted as a contact."""
    with unit_of_work():
        content = owed_letters_pdf(account_id, at=clock.now(), user_id=current_user.id)
    headers = {"Content-Disposition": 'attachment; filename="letters-still-to-pay.pdf"'}
    return Response(content, mimetype="application/pdf", headers=headers)


@for_roles("manager")
def plan(account_id: int) -> ResponseReturnValue:
    """Agree on a plan: equal parts are suggested, and can be changed line by line."""
    account, at = family_of(account_id), clock.now()
    owed_pence = max(-credit_pence(account_id), 0)
    count = min(max(request.args.get("parts", 4, type=int), 1), 24)
    every = request.args.get("every", "fortnight")
    form = PlanForm(data={"parts": suggested(owed_pence, count, every, clock.today(at))})

    def act() -> str:
        refuse_own_family(current_user, account_id)
        agree_plan(account_id, form.parts.data, form.agreed_with.data, at=at, user_id=current_user.id)
        return "The plan is kept, and the family sees it. While they keep it, nobody is reminded."

    return answer_form(
        form,
        act,
        template="office/plan.html",
        done=url_for("arrears.family", account_id=account_id),
        account=account,
        owed_pence=owed_pence,
        count=count,
        every=every,
    )


def suggested(owed_pence: int, count: int, every: str, today: date) -> list[Part]:
    """Parts that differ by a penny at most and sum to the debt, the first one a step from today."""
    count = min(count, owed_pence)
    return [
        Part(_step(today, n, every), n * owed_pence // count - (n - 1) * owed_pence // count)
        for n in range(1, count + 1)
    ]


def _step(day: date, number: int, every: str) -> date:
    if EVERY.get(every):
        return day + timedelta(days=number * EVERY[every])
    months = day.month - 1 + number
    year, month = day.year + months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@for_roles("manager")
def end_family_plan(account_id: int) -> ResponseReturnValue:
    """The plan holds no more."""

    def act() -> str:
        refuse_own_family(current_user, account_id)
        live = select(PaymentPlan.id).where(
            PaymentPlan.account_id == account_id, PaymentPlan.ended_at.is_(None)
        )
        plan_id = db.session.scalar(live)
        if plan_id is not None:
            end_plan(plan_id, at=clock.now(), user_id=current_user.id)
        return "The plan holds no more."

    return answer_press(act, done=url_for("arrears.family", account_id=account_id))
