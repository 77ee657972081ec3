"""The office's money pages: income by month, the journal and its account codes, and the free-breakfast grant."""

from __future__ import annotations

from datetime import date, timedelta

from flask import render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import audit, clock
from booking.core.csv_cells import csv_bytes, csv_stream
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.office.breakfast_grant import YEARS, add_rate, grant_days, grant_rows, rates
from booking.office.forms import PressForm
from booking.office.income import (
    deferred_after,
    earned_between,
    fees_between,
    income_rows,
    visitors_in_non_business,
)
from booking.office.journal import codes_now, journal_rows, save_codes, subjects
from booking.office.money_forms import GrantRateForm
from booking.payments.spans import ONE_DAY, month_of
from booking.provision.models import Period
from booking.web.audience import for_roles
from booking.web.files import csv_response
from booking.web.form_pages import answer_form


def _asked_day(name: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(request.args.get(name) or otherwise.isoformat())
    except ValueError as error:
        raise BookingError("Give the days like 2026-11-25.") from error


@for_roles("manager")
def money() -> ResponseReturnValue:
    """One month: what was earned by activity and seller, with VAT, and what is paid for care still to come."""
    today = clock.today()
    span = month_of(_asked_day("month", today))
    rows = earned_between(span.first, span.last)
    return render_template(
        "office/money.html",
        span=span,
        before=span.first - timedelta(days=1),
        after=span.last + ONE_DAY,
        rows=rows,
        gross_pence=sum(row.gross_pence for row in rows),
        vat_pence=sum(row.vat_pence for row in rows),
        fees_pence=fees_between(span.first, span.last),
        deferred=deferred_after(span.last),
        visitors=visitors_in_non_business(span.first, span.last),
    )


@for_roles("manager")
def income_csv() -> ResponseReturnValue:
    """Income by month between two days."""
    first, last = _span()
    return csv_response(csv_bytes(income_rows(first, last)), f"income-{first}-{last}")


@for_roles("manager")
def journal_csv() -> ResponseReturnValue:
    """The journal between two days, streamed; that it was taken stands in the audit trail."""
    first, last = _span()
    user_id = current_user.id
    with unit_of_work():
        days = {"first": first.isoformat(), "last": last.isoformat()}
        audit.record("exported", "ledger_entry", None, at=clock.now(), user_id=user_id, **days)
    return csv_response(stream_with_context(csv_stream(journal_rows(first, last))), f"journal-{first}-{last}")


@for_roles("manager")
def finance_codes() -> ResponseReturnValue:
    """The account codes of the finance system: for each kind of account, and for the income of single activities."""
    known = subjects()

    def save() -> str:
        given = {name: request.form.get(f"code-{name}", "").strip() for name in known}
        save_codes(given, at=clock.now(), user_id=current_user.id)
        return "The account codes are saved."

    return answer_form(
        PressForm(),
        save,
        template="office/finance_codes.html",
        done=url_for("office.finance_codes"),
        subjects=known,
        codes=codes_now().by_subject,
    )


@for_roles("manager")
def breakfast_grant() -> ResponseReturnValue:
    """The grant's count for a term, day by day."""
    today, terms = clock.today(), _terms()
    term = _term(terms, today)
    days = grant_days(term.starts_on, term.ends_on, today=today) if term else []
    return render_template(
        "office/grant.html",
        terms=terms,
        term=term,
        days=days,
        years=YEARS,
        pence=sum(day.pence for day in days),
        pupils=sum(day.pupils for day in days),
        counted_days=sum(bool(day.pupils) for day in days),
        rates=rates(),
    )


@for_roles("manager")
def grant_csv() -> ResponseReturnValue:
    """The same as a file for the claim."""
    today = clock.today()
    term = _term(_terms(), today)
    days = grant_days(term.starts_on, term.ends_on, today=today) if term else []
    name = f"breakfast-grant-{term.starts_on if term else today}"
    return csv_response(csv_bytes(grant_rows(days)), name)


@for_roles("manager")
def grant_rate() -> ResponseReturnValue:
    """Add what the grant pays from a day on."""
    form = GrantRateForm()

    def save() -> str:
        add_rate(
            form.from_on.data,
            form.day_pence.data,
            form.pupil_pence.data,
            at=clock.now(),
            user_id=current_user.id,
        )
        return "The rate is written down."

    return answer_form(form, save, template="office/grant_rate.html", done=url_for("office.breakfast_grant"))


def _span() -> tuple[date, date]:
    month = month_of(clock.today())
    return _asked_day("from", month.first), _asked_day("to", month.last)


def _terms() -> list[Period]:
    return list(
        db.session.scalars(select(Period).where(Period.kind == "term").order_by(Period.starts_on.desc()))
    )


def _term(terms: list[Period], today: date) -> Period | None:
    """The term that is asked for, or the one that began last, or any."""
    wanted = request.args.get("term", type=int)
    chosen = next((term for term in terms if term.id == wanted), None)
    begun = (term for term in terms if term.starts_on <= today)
    return chosen or next(begun, terms[-1] if terms else None)
