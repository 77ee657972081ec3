"""Error pages that say what happened, what was kept and what to do."""

from __future__ import annotations

import secrets

import structlog
from flask import Flask, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from booking.core.errors import BookingError, Busy, NotFound

log = structlog.get_logger()

WORDS = {
    401: ("Nobody is signed in", "Nothing was changed. Sign in, then try again."),
    400: (
        "That did not reach us whole",
        "Nothing was changed. Go back, load the page again and try once more.",
    ),
    403: ("This page is not for your role", "Nothing was changed. If you need it, ask the school office."),
    404: ("We cannot find that page", "The link may be old, or the page may belong to somebody else."),
    405: ("That is not possible here", "Nothing was changed. Go back and use the buttons on the page."),
    413: ("That file is too big", "Nothing was kept. Choose a file of at most 20 MB."),
    429: ("Too many tries", "Nothing was changed. Wait a minute, then try again."),
    500: (
        "Something went wrong on our side",
        "What you did in this step may not be saved. Please look before you try again.",
    ),
    503: ("We are busy", "Nothing was changed. Please try again in a moment."),
}


def problem(status: int, detail: str) -> ResponseReturnValue:
    """An error for a program, as RFC 9457 has it."""
    response = jsonify({"status": status, "detail": detail})
    response.headers["Content-Type"] = "application/problem+json"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response, status


def _asks_a_script() -> bool:
    """Whether a program or a script of our own asks, and reads no page."""
    view = current_app.view_functions.get(request.endpoint or "")
    return request.path.startswith("/api/") or bool(getattr(view, "is_json", False))


def handle_errors(app: Flask) -> None:
    """Give every kind of error its page, or its JSON for a program; an unexpected one gets a reference for the log."""

    def page(status: int, detail: str | None = None, reference: str | None = None) -> ResponseReturnValue:
        title, advice = WORDS.get(status, WORDS[500])
        if _asks_a_script():
            return problem(status, detail or title)
        return (
            render_template("errors/error.html", title=title, advice=detail or advice, reference=reference),
            status,
        )

    @app.errorhandler(CSRFError)
    def stale_form(error: CSRFError) -> ResponseReturnValue:
        return page(
            400,
            "This form was open too long, or came from another page. Nothing was changed. "
            "Go back, load the page again and send it once more.",
        )

    @app.errorhandler(HTTPException)
    def known(error: HTTPException) -> ResponseReturnValue | HTTPException:
        if error.code is not None and error.code < 400:
            return error
        return page(error.code or 500)

    @app.errorhandler(NotFound)
    def not_there(error: NotFound) -> ResponseReturnValue:
        return page(404)

    @app.errorhandler(Busy)
    def busy(error: Busy) -> ResponseReturnValue:
        return page(503, str(error))

    @app.errorhandler(BookingError)
    def refused(error: BookingError) -> ResponseReturnValue:
        return page(400, str(error))

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> ResponseReturnValue:
        reference = secrets.token_hex(4)
        log.exception("unexpected", reference=reference)
        return page(500, reference=reference)
