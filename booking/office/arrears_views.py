"""Pages of what families owe: by age, the term's position, the school's terms; and every address of this part."""

from __future__ import annotations

from dataclasses import fields

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import audit, clock
from booking.core.csv_cells import csv_bytes
from booking.core.db import unit_of_work
from booking.core.errors import NotFound
from booking.ledger.terms import PayTerms, set_terms, terms_on
from booking.office import decision_views, owed_views
from booking.office.arrears import SORTS, by_activity, csv_rows, owed_rows, periods, position
from booking.office.arrears_forms import TermsForm
from booking.payments.ageing import Ages
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form

blueprint = Blueprint("arrears", __name__, url_prefix="/office")


@for_roles("manager")
def owed() -> ResponseReturnValue:
    """Every family that owes, by age; sorted by what the address says."""
    at, sort = clock.now(), request.args.get("sort", "age")
    rows, total = owed_rows(at, sort), Ages()
    for row in rows:
        total += row.ages
    return render_template(
        "office/owed.html",
        rows=rows,
        total=total,
        activities=by_activity(rows, clock.today(at)),
        sort=sort if sort in SORTS else "age",
        on_paper=sum(not row.has_email for row in rows),
    )


@for_roles("manager")
def owed_csv() -> ResponseReturnValue:
    """The same as CSV; that it was taken stands in the audit trail."""
    at, user_id = clock.now(), current_user.id
    with unit_of_work():
        audit.record("exported", "arrears", None, at=at, user_id=user_id)
    content = csv_bytes(csv_rows(owed_rows(at)))
    headers = {"Content-Disposition": f'attachment; filename="owed-{clock.today(at).isoformat()}.csv"'}
    return Response(content, mimetype="text/csv", headers=headers)


@for_roles("manager")
def letters() -> ResponseReturnValue:
    """A letter for each family that owes and reads no e-mails."""
    return owed_views.print_owed(None)


@for_roles("manager")
def term_position() -> ResponseReturnValue:
    """How the term stands, for the head: one page that prints."""
    at, known = clock.now(), periods()
    wanted = request.args.get("period", type=int)
    found = [one for one in known if one.id == wanted]
    if wanted is not None and not found:
        raise NotFound
    today = clock.today(at)
    begun = [one for one in known if one.starts_on <= today]
    period = next(iter([*found, *begun, *known]), None)
    return render_template(
        "office/position.html",
        position=position(period, at) if period else None,
        periods=known,
        today=today,
    )


@for_roles("manager")
def money_terms() -> ResponseReturnValue:
    """See the terms that hold, and put others in force from a day on."""
    at = clock.now()
    today = clock.today(at)
    now = terms_on(today)
    form = TermsForm(data={**vars(now), "starts_on": today})

    def act() -> str:
        values = {one.name: getattr(form, one.name).data for one in fields(PayTerms)}
        values["reminder_days"] = values["reminder_days"] or ()
        set_terms(PayTerms(**values), form.starts_on.data, at=at, user_id=current_user.id)
        return "The new terms are kept."

    return answer_form(
        form, act, template="office/money_terms.html", done=url_for("arrears.money_terms"), terms=now
    )


SHOW, FORM, PRESS = ("GET",), ("GET", "POST"), ("POST",)
ADDRESSES = (
    ("/money/owed", owed, SHOW),
    ("/money/owed.csv", owed_csv, SHOW),
    ("/money/owed/letters", letters, PRESS),
    ("/money/position", term_position, SHOW),
    ("/money/terms", money_terms, FORM),
    ("/money/decisions", decision_views.decisions, SHOW),
    ("/money/decisions/<int:decision_id>", decision_views.decision, SHOW),
    ("/money/decisions/<int:decision_id>/decide", decision_views.decide_money, PRESS),
    ("/money/decisions/<int:decision_id>/withdraw", decision_views.withdraw_money, PRESS),
    ("/money/decisions/<int:decision_id>/take-back", decision_views.take_back, PRESS),
    ("/late-charges/<int:charge_id>/waive", decision_views.waive, FORM),
    ("/families/<int:account_id>/refund", decision_views.refund, FORM),
    ("/families/<int:account_id>/write-off", decision_views.write_off, FORM),
    ("/families/<int:account_id>/owed", owed_views.family, FORM),
    ("/families/<int:account_id>/owed/notes/<int:note_id>/end", owed_views.end_family_note, PRESS),
    ("/families/<int:account_id>/owed/send", owed_views.send_family_statement, PRESS),
    ("/families/<int:account_id>/owed/letter", owed_views.family_letter, PRESS),
    ("/families/<int:account_id>/owed/plan", owed_views.plan, FORM),
    ("/families/<int:account_id>/owed/plan/end", owed_views.end_family_plan, PRESS),
)
for address, view, methods in ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
