"""Pages of the rights of families: one's own data at one press, the same by the office, and the school's records."""

from __future__ import annotations

from flask import Blueprint, Response, flash, json, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.csv_cells import csv_bytes
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.office import correction_views
from booking.office.access_request import as_pdf, export
from booking.office.column_classes import record_of_processing
from booking.office.forms import PressForm
from booking.office.retention import confirm_rules, due, is_confirmed
from booking.office.sharing import sharing_list
from booking.people.models import User
from booking.web.audience import for_roles
from booking.web.fresh_proof import needs_fresh_proof


@for_roles("parent")
def my_data() -> ResponseReturnValue:
    """What the page offers: everything held, on paper or for a program."""
    return render_template("office/my_data.html", form=PressForm(formdata=None))


@for_roles("parent")
@needs_fresh_proof()
def my_data_file(kind: str) -> ResponseReturnValue:
    """One's own data as PDF or JSON."""
    return _file(current_user, kind)


@for_roles("manager", grant="safeguarding")
@needs_fresh_proof()
def data_of(user_id: int, kind: str) -> ResponseReturnValue:
    """The same for somebody who asked at the office: on the telephone or at the hatch counts too."""
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound
    return _file(user, kind)


def _file(user: User, kind: str) -> ResponseReturnValue:
    if kind not in {"pdf", "json"}:
        raise NotFound
    at, user_id, by_id = clock.now(), user.id, current_user.id
    with unit_of_work():
        held = export(db.session.get_one(User, user_id), at=at, by_id=by_id)
    if kind == "json":
        response = Response(json.dumps(held, ensure_ascii=False, indent=1), mimetype="application/json")
    else:
        response = Response(as_pdf(held, at=at), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="what-is-held.{kind}"'
    return response


@for_roles("manager")
def processing_record() -> ResponseReturnValue:
    """The record of processing as CSV, for the school's data protection officer."""
    return _csv(record_of_processing(), "record-of-processing.csv")


@for_roles("manager")
def sharing_file() -> ResponseReturnValue:
    """Which outside provider sees what, as CSV."""
    return _csv(sharing_list(), "shared-with-providers.csv")


def _csv(rows: list[dict[str, str]], name: str) -> Response:
    content = csv_bytes(
        [rows[0].keys(), *(row.values() for row in rows)] if rows else [["nothing is shared"]]
    )
    response = Response(content, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@for_roles("manager", grant="safeguarding")
def keeping() -> ResponseReturnValue:
    """What each rule of keeping would take away now, and the yes that lets the worker do it daily."""
    at, user_id = clock.now(), current_user.id
    form = PressForm()
    if form.validate_on_submit():
        with unit_of_work():
            confirm_rules(at=at, user_id=user_id)
        flash("From now on this is done every day.")
        return redirect(url_for("privacy.keeping"))
    return render_template("office/keeping.html", due=due(at), is_confirmed=is_confirmed(), form=form)


blueprint = Blueprint("privacy", __name__)
SHOW, PRESS = ("GET",), ("POST",)
ADDRESSES = (
    ("/account/data", my_data, SHOW),
    ("/account/data/<kind>", my_data_file, PRESS),
    ("/office/users/<int:user_id>/data/<kind>", data_of, PRESS),
    ("/office/privacy", keeping, ("GET", "POST")),
    ("/office/privacy/record.csv", processing_record, SHOW),
    ("/office/privacy/sharing.csv", sharing_file, SHOW),
)
for address, view, methods in (*correction_views.ADDRESSES, *ADDRESSES):
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
