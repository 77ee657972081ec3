"""Where one goes from signing in: the next step, the page that was wanted, or one's own first page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import current_app, g, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from booking.core import clock
from booking.core.db import unit_of_work
from booking.people.limits import account_digest, note_try
from booking.people.models import ROLES, User
from booking.people.one_time import send_code
from booking.people.passkeys import Site, site_of
from booking.people.sign_in_browser import (
    device_tokens,
    half_signed_in,
    hold,
    keep_device_token,
    present,
    this_device,
)
from booking.people.sign_in_models import SignIn
from booking.people.sign_ins import TRUST_LASTS, end, start, works_here
from booking.people.tablet_models import RegisterDevice
from booking.people.trusted_devices import trust, trusted_until
from booking.web.fresh_proof import needs_fresh_proof

View = TypeVar("View", bound=Callable[..., Any])
HOMES = (
    ("parent", "bookings.book"),
    ("staff", "registers.today"),
    ("manager", "office.home"),
    ("governor", "equity.report"),
    ("admin", "office.users"),
)
STEPS = {"code": "people.second_step", "letter": "people.second_step", "set_up": "people.set_up"}


def home_of(user: User) -> str:
    """The address of the page that a person starts from."""
    for role, endpoint in HOMES:
        if role in user.role_names:
            return url_for(endpoint)
    return url_for("bookings.offer")


def safe_target(target: str | None) -> str | None:
    """A path on this site to go on to, or nothing: never another site's address."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    return None if urlsplit(target).netloc else target


def this_site() -> Site:
    """Where passkeys work: read from `BASE_URL`, never from what the browser says."""
    return site_of(current_app.extensions["booking_settings"].base_url)


def takes_demo() -> bool:
    """Demo accounts get in anywhere but at a real school."""
    return not current_app.extensions["booking_settings"].is_production


def begin(
    user: User,
    *,
    how: str,
    stage: str,
    is_strong: bool = False,
    is_own_device: bool = False,
    target: str | None = None,
    ends_by: datetime | None = None,
    tablet: RegisterDevice | None = None,
) -> Response:
    """Begin a sign-in under a new token (whatever the browser held before ends), and lead on from it."""
    at, before, device_token = clock.now(), present(), None
    ending = (before.id, before.user_id) if before is not None else None
    target = safe_target(target) or safe_target(session.get("next"))
    with unit_of_work():
        if ending is not None:
            end(ending[0], why="signed_in_again", at=at, of_user=ending[1])
        until = trusted_until(user, device_tokens(), at=at)
        if is_own_device and stage == "whole" and not works_here(user):
            device_token, until = trust(user, device=this_device(), at=at), at + TRUST_LASTS
        row, token = start(
            user,
            how=how,
            stage=stage,
            device=tablet.name if tablet else this_device(),
            tablet_id=tablet.id if tablet else None,
            at=at,
            is_strong=is_strong,
            ends_by=ends_by,
            trusted_until=until if stage == "whole" else None,
        )
        if how == "password":
            digest = account_digest(user.email)
            note_try(digest, address=request.remote_addr or "", at=at, succeeded=True)
        if stage == "letter":
            send_code(row, at=at)
        keeps = row.trusted_until is not None
    hold(token, keeps=keeps)
    if stage != "whole":
        session["next"] = target
        return redirect(url_for(STEPS[stage]))
    response = redirect(target or home_of(user))
    if device_token is not None:
        keep_device_token(response, device_token)
    return response


def step_of(row: SignIn) -> Response:
    """Go on to what a half sign-in waits for; one that has become too weak starts again."""
    return redirect(url_for(STEPS.get(row.stage, "people.sign_in")))


def who_sets_up() -> User:
    """The person whose keys are being set up: signed in, or on the way there for the first time."""
    if current_user.is_authenticated:
        return current_user
    row = half_signed_in()
    assert row is not None  # `for_setting_up` let nobody else in
    return row.user


def for_setting_up(view: View) -> View:
    """One's own passkeys and codes: for who is signed in (with a fresh proof), and for who must set up the first."""
    proved = needs_fresh_proof()(view)

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        g.is_private = True
        if current_user.is_authenticated:
            return proved(*args, **kwargs)
        row = half_signed_in()
        if row is not None and row.stage == "set_up":
            return view(*args, **kwargs)
        return redirect(url_for("people.sign_in", next=request.path if request.method == "GET" else None))

    guarded.audience = frozenset(ROLES)  # type: ignore[attr-defined]
    guarded.needs_fresh_proof = 15  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]
