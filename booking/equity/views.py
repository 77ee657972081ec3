"""The governors' pages: the protected report with its files, and the head's working view, which is never exported."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from markupsafe import Markup

from booking.core import audit, clock
from booking.core.db import unit_of_work
from booking.equity.papers import HEAD, as_csv, as_json, as_pdf, table_row, when
from booking.equity.releases import Issued, check_breakdown, draft_release, find_release, keep_release
from booking.equity.sentences import headline, how_to_read, sentences, withheld_sentences
from booking.equity.snapshot import all_periods, finished_periods, last_finished_half_term
from booking.equity.uptake_plot import uptake_plot
from booking.equity.withholding import PUBLIC_THRESHOLD
from booking.equity.working import working_figures
from booking.provision.models import Period
from booking.web.audience import for_roles

blueprint = Blueprint("equity", __name__, url_prefix="/equity")
FILES = {
    "pdf": (as_pdf, "application/pdf"),
    "csv": (as_csv, "text/csv"),
    "json": (as_json, "application/json"),
}


def _issue(starts_on: date, ends_on: date) -> Issued:
    """The report of a finished period: the one that was issued, or a new one, which is kept."""
    breakdown, at = check_breakdown([]), clock.now()
    issued = find_release(starts_on, ends_on, breakdown, PUBLIC_THRESHOLD)
    if issued is None:
        draft = draft_release(starts_on, ends_on, breakdown, today=clock.today(at))
        with unit_of_work():
            issued = keep_release(draft, at=at, user_id=current_user.id)
    return issued


@blueprint.get("/")
@for_roles("governor", "manager")
def report() -> ResponseReturnValue:
    """The last finished half-term, or a hint that there is none yet."""
    period = last_finished_half_term(clock.today())
    if period is None:
        return render_template("equity/none.html")
    return redirect(url_for("equity.period", starts_on=period.starts_on, ends_on=period.ends_on))


@blueprint.get("/<date:starts_on>/<date:ends_on>")
@for_roles("governor", "manager")
def period(starts_on: date, ends_on: date) -> ResponseReturnValue:
    """One period's protected report on screen."""
    issued = _issue(starts_on, ends_on)
    said = when(issued)
    return render_template(
        "equity/report.html",
        issued=issued,
        head=HEAD,
        table_row=table_row,
        headline=headline(issued.report, said),
        sentences=sentences(issued.report, said),
        withheld=withheld_sentences(issued.report),
        how_to_read=how_to_read(issued.report),
        plot=Markup(uptake_plot(issued.report, said)),
        periods=finished_periods(clock.today()),
        sees_groups=current_user.sees_groups and "manager" in current_user.role_names,
    )


@blueprint.get("/<date:starts_on>/<date:ends_on>/report.<any(pdf, csv, json):kind>")
@for_roles("governor", "manager")
def download(starts_on: date, ends_on: date, kind: str) -> ResponseReturnValue:
    """The same report as a file; the same request gives the same bytes."""
    write, mime_type = FILES[kind]
    response = Response(write(_issue(starts_on, ends_on)), mimetype=mime_type)
    name = f"who-takes-part-{starts_on.isoformat()}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.get("/working")
@for_roles("manager", grant="sees_groups")
def working() -> ResponseReturnValue:
    """The head's unprotected view of any period, the present one too; on screen only, and each look is noted."""
    at = clock.now()
    periods = all_periods()
    period = _chosen(periods, request.args.get("period"), clock.today(at))
    if period is None:
        abort(404)
    figures = working_figures(period.starts_on, period.ends_on, today=clock.today(at))
    with unit_of_work():
        audit.record("looked", "working_view", period.id, at=at, user_id=current_user.id)
    return render_template("equity/working.html", period=period, periods=periods, figures=figures)


def _chosen(periods: list[Period], wanted: str | None, today: date) -> Period | None:
    """The period asked for by its number, else the half-term that is on, else the one that ended last."""
    if wanted and wanted.isdigit():
        return next((p for p in periods if p.id == int(wanted)), None)
    half_terms = [p for p in periods if p.kind == "half_term" and p.starts_on <= today]
    return half_terms[0] if half_terms else None
