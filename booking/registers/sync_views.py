"""What devices at the door ask without a page: send marks, and fetch the day. Both answer in JSON."""

from __future__ import annotations

from datetime import date

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from booking.core import clock
from booking.core.db import unit_of_work
from booking.people.tablet_views import this_tablet
from booking.registers.alarms import Happened, alarms_of
from booking.registers.door import door_day
from booking.registers.events import version_of
from booking.registers.sync import NotUnderstood, keep_marks
from booking.web.audience import for_roles
from booking.web.errors import problem


@for_roles("staff", "manager", is_json=True, no_firms=True)
def sync_marks() -> ResponseReturnValue:
    """Keep what a device sent, each mark once; what is kept the device may forget."""
    at = clock.now()
    tablet = this_tablet()
    device_id, user = tablet.id if tablet else None, current_user._get_current_object()
    message = request.get_json(silent=True)
    if not isinstance(message, dict):
        return problem(400, "Send JSON. Nothing was kept.")
    try:
        with unit_of_work():
            answer = keep_marks(message, user=user, device_id=device_id, received_at=at)
    except NotUnderstood as error:
        return problem(400, str(error))
    today = clock.today(at)
    happened = [Happened(one.pupil_id, one.what, one.at, one.detail) for one in answer.marks]
    return jsonify(
        {
            "server_at": at.isoformat(),
            "kept": answer.kept,
            "refused": [{"uid": uid, "why": why} for uid, why in answer.refused],
            "alarms": [vars(alarm) for alarm in alarms_of(happened, today)],
            "version": version_of(today),
        }
    )


@for_roles("staff", "manager", is_json=True, no_firms=True)
def door_data(on: date) -> ResponseReturnValue:
    """The day as a device may keep it; 304 when it has it already. A fresh token for sending comes with it."""
    made, tag = door_day(current_user._get_current_object(), on, at=clock.now())
    response: Response = jsonify(made)
    response.set_etag(tag)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-CSRFToken"] = generate_csrf()
    return response.make_conditional(request)
