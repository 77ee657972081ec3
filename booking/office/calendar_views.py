"""Pages of the calendar: years, terms, half-terms, and the days that differ."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.errors import NotFound
from booking.office.forms import DAY_WORDS, PERIOD_WORDS, DayForm, PeriodForm, PressForm
from booking.office.set_up import enter_day, forget_day
from booking.provision import terms as calendar
from booking.provision.models import Period, SpecialDay
from booking.provision.terms import DayDetails, PeriodDetails, save_period
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press


@for_roles("manager")
def terms() -> ResponseReturnValue:
    """All periods, the newest first, and the days that differ."""
    periods = db.session.scalars(select(Period).order_by(Period.starts_on.desc(), Period.ends_on)).all()
    days = db.session.scalars(select(SpecialDay).order_by(SpecialDay.date)).all()
    today = clock.today()
    return render_template(
        "office/terms.html",
        periods=[period for period in periods if period.ends_on >= today],
        past_periods=[period for period in periods if period.ends_on < today],
        coming=[day for day in days if day.date >= today],
        past=[day for day in reversed(days) if day.date < today],
        period_words=PERIOD_WORDS,
        day_words=DAY_WORDS,
        today=today,
    )


def _period_page(period: Period | None) -> ResponseReturnValue:
    form = PeriodForm(obj=period)

    def save() -> str:
        details = PeriodDetails(form.kind.data, form.name.data, form.starts_on.data, form.ends_on.data)
        period_id = period.id if period else None
        saved = save_period(period_id, details, at=clock.now(), user_id=current_user.id)
        return f"{saved.name} is saved."

    return answer_form(
        form,
        save,
        template="office/period.html",
        done=url_for("office.terms"),
        period=period,
        press=PressForm(formdata=None),
    )


@for_roles("manager")
def add_period() -> ResponseReturnValue:
    """Enter a half-term, term or year."""
    return _period_page(None)


@for_roles("manager")
def period(period_id: int) -> ResponseReturnValue:
    """Change a half-term, term or year."""
    found = db.session.get(Period, period_id)
    if found is None:
        raise NotFound
    return _period_page(found)


@for_roles("manager")
def remove_period(period_id: int) -> ResponseReturnValue:
    """Take away a period in which nothing runs."""

    def remove() -> str:
        calendar.remove_period(period_id, at=clock.now(), user_id=current_user.id)
        return "The period is taken away."

    return answer_press(remove, done=url_for("office.terms"))


def _day_page(day: SpecialDay | None) -> ResponseReturnValue:
    form = DayForm(obj=day)

    def save() -> str:
        details = DayDetails(form.date.data, form.kind.data, form.note.data or "", form.finishes_at.data)
        day_id = day.id if day else None
        told = enter_day(day_id, details, at=clock.now(), user_id=current_user.id)
        return " ".join(["The day is saved.", *told])

    return answer_form(form, save, template="office/day.html", done=url_for("office.terms"), day=day)


@for_roles("manager")
def add_day() -> ResponseReturnValue:
    """Enter a day that differs; sessions follow."""
    return _day_page(None)


@for_roles("manager")
def day(day_id: int) -> ResponseReturnValue:
    """Change the entry of a day; sessions follow."""
    found = db.session.get(SpecialDay, day_id)
    if found is None:
        raise NotFound
    return _day_page(found)


@for_roles("manager")
def remove_day(day_id: int) -> ResponseReturnValue:
    """Make a day an ordinary one again; its sessions come back."""

    def remove() -> str:
        told = forget_day(day_id, at=clock.now(), user_id=current_user.id)
        return " ".join(["It is an ordinary day again.", *told])

    return answer_press(remove, done=url_for("office.terms"))
