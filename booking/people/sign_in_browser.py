"""What the browser holds: one cookie with the sign-in's token, and one that says that the device is known.

The user of a request is whoever the sign-in row names, looked up each time: an ended row means nobody.
"""

from __future__ import annotations

from datetime import datetime

from flask import Flask, abort, current_app, flash, g, request, session
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from booking.core import clock
from booking.core.db import unit_of_work
from booking.core.errors import Busy
from booking.people.models import User
from booking.people.sign_in_models import SignIn
from booking.people.sign_ins import TRUST_LASTS, device_words, find, needs_note, note_seen, opens_pages
from booking.web.audience import ANYONE

KEY = "sign_in"
MOST_DEVICE_TOKENS = 4
NOT_YET_LOOKED = object()


def present() -> SignIn | None:
    """The live sign-in of this request, whole or not yet; looked up once a request."""
    found = g.get("sign_in", NOT_YET_LOOKED)
    if found is NOT_YET_LOOKED:
        found = find(session.get(KEY), at=clock.now())
        g.sign_in = found
    return found


def half_signed_in() -> SignIn | None:
    """A sign-in that still waits for a step, if that is what the browser holds."""
    row = present()
    return row if row is not None and not opens_pages(row) else None


def load_user(_request: object) -> User | None:
    """Who is signed in; Flask-Login asks once a request."""
    row = present()
    if row is None or not opens_pages(row):
        return None
    g.proved_at = row.proved_at
    return row.user


def hold(token: str, *, keeps: bool) -> None:
    """Give the browser a new token and forget whatever it held before; `keeps` past its closing (own devices)."""
    session.clear()
    session[KEY] = token
    session.permanent = keeps
    g.pop("sign_in", None)


def let_go() -> None:
    """Make the browser forget its sign-in."""
    session.clear()
    g.pop("sign_in", None)


def this_device() -> str:
    """The words for the browser that asks."""
    return device_words(request.headers.get("User-Agent", ""))


def _device_cookie() -> str:
    is_https = current_app.extensions["booking_settings"].is_https
    return "__Host-device" if is_https else "device"


def device_tokens() -> list[str]:
    """The tokens of trust that this browser holds, one for each person who signs in on it."""
    kept = request.cookies.get(_device_cookie(), "")
    return [token for token in kept.split(".") if token][:MOST_DEVICE_TOKENS]


def keep_device_token(response: BaseResponse, token: str) -> None:
    """Put a new token of trust before those that the browser holds already."""
    tokens = [token, *device_tokens()][:MOST_DEVICE_TOKENS]
    set_long_cookie(response, _device_cookie(), ".".join(tokens), seconds=int(TRUST_LASTS.total_seconds()))


def set_long_cookie(response: BaseResponse, name: str, value: str, *, seconds: int) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="Lax",
        secure=current_app.extensions["booking_settings"].is_https,
        path="/",
    )


def watch_sign_ins(app: Flask) -> None:
    """Ask the sign-in row who it is at every request, throw out what has ended, and note who was seen when."""
    app.login_manager.request_loader(load_user)  # type: ignore[attr-defined]
    app.login_manager.session_protection = None  # type: ignore[attr-defined]

    @app.before_request
    def watch() -> ResponseReturnValue | None:
        if KEY not in session or (request.endpoint or "static").endswith("static"):
            return None
        row = present()
        if row is None:
            let_go()
            flash("You are signed out. Please sign in again.")
            return None
        _stay_at_the_registers(row)
        at = clock.now()
        # What a page asks by itself is no touch: a tablet that nobody touches locks all the same.
        if needs_note(row, at=at) and "X-Untouched" not in request.headers:
            _note(row.id, at)
        return None


def _stay_at_the_registers(row: SignIn) -> None:
    """A PIN opens the registers and nothing else, whatever its owner may do elsewhere."""
    endpoint = request.endpoint or ""
    view = current_app.view_functions.get(endpoint)
    is_open = getattr(view, "audience", None) == ANYONE
    if row.how == "pin" and not is_open and not endpoint.startswith("registers."):
        abort(403)


def _note(sign_in_id: int, at: datetime) -> None:
    """Being seen is worth a note, not an error page when the database is busy."""
    try:
        with unit_of_work():
            note_seen(sign_in_id, at=at)
    except Busy:
        return
