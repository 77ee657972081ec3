"""The office's pages of accidents, near misses and medicine; and every address of these that is not at the door.

The pages at the door belong to the registers' own addresses, which a PIN on a tablet opens; it opens none of these.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import audit, clock
from booking.core.access_log import CARE, note_access
from booking.core.csv_cells import csv_bytes
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.people.medicines import agree_at_office, medicines_of, stop_medicine
from booking.people.models import Pupil
from booking.people.restrictions import closed_pupils
from booking.registers import family_paper_views
from booking.registers.incident_forms import ListForm, ToldMedicineForm
from booking.registers.incident_lists import Span, dose_rows, doses_in, report_rows, reports_in
from booking.registers.incident_words import KIND_WORDS
from booking.web.audience import for_roles
from booking.web.files import csv_response
from booking.web.form_pages import answer_form, answer_press
from booking.web.fresh_proof import needs_fresh_proof
from booking.web.seen import note_seen

blueprint = Blueprint("incidents", __name__)
blueprint.app_context_processor(lambda: {"things_to_read": family_paper_views.things_to_read})
SHOWN = timedelta(days=60)


def _asked() -> tuple[ListForm, Span, str]:
    """What the address asks for: the days (two months back when nothing is said) and the kind."""
    today = clock.today()
    form = ListForm(request.args or None, data={"first": today - SHOWN, "last": today})
    is_right = form.validate()
    first = (form.first.data if is_right else None) or today - SHOWN
    last = (form.last.data if is_right else None) or today
    return form, Span(min(first, last), max(first, last)), (form.kind.data or "") if is_right else ""


@for_roles("manager")
def reports() -> ResponseReturnValue:
    """Accidents and near misses of some days, newest first."""
    form, span, kind = _asked()
    today = clock.today()
    found = reports_in(span, kind=kind, closed=closed_pupils(current_user.id, today), on=today)
    seen = {one.incident.pupil_id for one in found if one.incident.pupil_id is not None}
    if seen:
        note_seen(seen, [CARE], reason="office")
    return render_template(
        "registers/reports.html", form=form, span=span, kind=kind, reports=found, kinds=KIND_WORDS
    )


@for_roles("manager")
@needs_fresh_proof()
def reports_csv() -> ResponseReturnValue:
    """The same with every word, as a file; that it was taken stands in the audit trail."""
    _, span, kind = _asked()
    at, user_id = clock.now(), current_user.id
    today = clock.today(at)
    found = reports_in(span, kind=kind, closed=closed_pupils(user_id, today), on=today)
    content = csv_bytes(report_rows(found))
    _note_export("incident", {one.incident.pupil_id for one in found}, span)
    return csv_response(content, f"accidents-{span.first.isoformat()}-{span.last.isoformat()}")


def _note_export(what: str, pupil_ids: set[int | None], span: Span) -> None:
    at, user_id = clock.now(), current_user.id
    days = {"first": span.first.isoformat(), "last": span.last.isoformat()}
    known = {one for one in pupil_ids if one is not None}
    with unit_of_work():
        audit.record("exported", what, None, at=at, user_id=user_id, **days)
        note_access(known, [CARE], act="export", reason=what, at=at, user_id=user_id)


@for_roles("manager")
def doses() -> ResponseReturnValue:
    """Medicine given on some days, newest first; what waits for a second person says so."""
    form, span, _ = _asked()
    found = doses_in(span, closed=closed_pupils(current_user.id, clock.today()))
    if found:
        note_seen({one.pupil_id for one in found}, [CARE], reason="office")
    taken_back = {one.undoes_id for one in found}
    return render_template(
        "registers/doses.html", form=form, span=span, doses=found, taken_back=taken_back, me=current_user.id
    )


@for_roles("manager")
@needs_fresh_proof()
def doses_csv() -> ResponseReturnValue:
    """The same as a file."""
    _, span, _ = _asked()
    found = doses_in(span, closed=closed_pupils(current_user.id, clock.today()))
    content = csv_bytes(dose_rows(found))
    _note_export("medicine_given", {one.pupil_id for one in found}, span)
    return csv_response(content, f"medicine-{span.first.isoformat()}-{span.last.isoformat()}")


def _pupil(pupil_id: int) -> Pupil:
    found = db.session.get(Pupil, pupil_id)
    if found is None or pupil_id in closed_pupils(current_user.id, clock.today()):
        raise NotFound
    return found


@for_roles("manager")
def told_medicine(pupil_id: int) -> ResponseReturnValue:
    """Write down a medicine that a family agreed to on paper or by telephone."""
    pupil, at, by_id = _pupil(pupil_id), clock.now(), current_user.id
    if request.method == "GET":
        note_seen([pupil_id], [CARE], reason="office")
    form = ToldMedicineForm(data={"starts_on": clock.today(at), "most_a_day": 1, "source": "paper"})
    adults = [(tie.user_id, tie.user.name) for tie in pupil.guardianships]
    form.told_by.choices = [*adults, (0, "Somebody who does not sign in")]

    def act() -> str:
        said_by_id = form.told_by.data or None
        agree_at_office(
            pupil_id, form.agreed, said_by_id=said_by_id, source=form.source.data, at=at, by_id=by_id
        )
        return f"Kept. The register shows it for {pupil.first_name} from now."

    return answer_form(
        form,
        act,
        template="registers/told_medicine.html",
        done=url_for("incidents.told_medicine", pupil_id=pupil_id),
        pupil=pupil,
        medicines=medicines_of([pupil_id]).get(pupil_id, []),
        today=clock.today(at),
    )


@for_roles("manager")
def stop_told_medicine(pupil_id: int, medicine_id: int) -> ResponseReturnValue:
    """Stop a medicine, as a family or a doctor told."""
    pupil, at, by_id = _pupil(pupil_id), clock.now(), current_user.id

    def act() -> str:
        stop_medicine(medicine_id, pupil_id, at=at, by_id=by_id)
        return f"Stopped. Staff give it to {pupil.first_name} no more."

    return answer_press(act, done=url_for("incidents.told_medicine", pupil_id=pupil_id))


SHOW, FORM, PRESS = ("GET",), ("GET", "POST"), ("POST",)
ADDRESSES = (
    ("/office/accidents", reports, SHOW),
    ("/office/accidents.csv", reports_csv, SHOW),
    ("/office/medicine-given", doses, SHOW),
    ("/office/medicine-given.csv", doses_csv, SHOW),
    ("/office/pupils/<int:pupil_id>/medicines", told_medicine, FORM),
    ("/office/pupils/<int:pupil_id>/medicines/<int:medicine_id>/stop", stop_told_medicine, PRESS),
    *family_paper_views.ADDRESSES,
)
for address, view, methods in ADDRESSES:
    blueprint.add_url_rule(address, view.__name__, view, methods=methods)
