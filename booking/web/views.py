"""What operators ask: is it alive, is it ready, how is it doing."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, current_app, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select, text

from booking.core.db import db
from booking.core.jobs import Job
from booking.core.outbox import OutboxMessage
from booking.web.audience import for_anyone

blueprint = Blueprint("web", __name__)


@blueprint.get("/healthz")
@for_anyone
def healthz() -> ResponseReturnValue:
    """Alive: answers without touching the database."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
@for_anyone
def readyz() -> ResponseReturnValue:
    """Ready: the database answers and stands at the newest migration; 503 with one line when not."""
    try:
        found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    except Exception:
        return Response("the database is out of reach or has not been migrated\n", 503, mimetype="text/plain")
    if found != current_app.config["MIGRATION_HEAD"]:
        return Response(
            f"the database stands at {found}: run booking db upgrade\n", 503, mimetype="text/plain"
        )
    return Response("ready\n", mimetype="text/plain")


@blueprint.get("/metrics")
@for_anyone
def metrics() -> ResponseReturnValue:
    """Figures for Prometheus, with the token or from this machine alone; never behind a proxy without one."""
    token = current_app.config["METRICS_TOKEN"]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    is_local = request.remote_addr in {"127.0.0.1", "::1"} and "X-Forwarded-For" not in request.headers
    if not (hmac.compare_digest(given, token) if token else is_local):
        abort(403)
    registry = CollectorRegistry()
    waiting = Gauge("booking_outbox_waiting", "Messages not yet sent", registry=registry)
    waiting.set(_count(select(func.count()).where(OutboxMessage.sent_at.is_(None))))
    failed = Gauge("booking_outbox_failed", "Messages given up after all tries", registry=registry)
    failed.set(
        _count(
            select(func.count()).where(OutboxMessage.sent_at.is_(None), OutboxMessage.next_try_at.is_(None))
        )
    )
    jobs = Gauge("booking_jobs_waiting", "Background jobs not finished", registry=registry)
    jobs.set(_count(select(func.count()).where(Job.finished_at.is_(None))))
    return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")


def _count(query: object) -> int:
    return db.session.scalar(query) or 0  # type: ignore[call-overload]
