"""Acts that a sign-in alone does not open: money out, exports, restrictions, one's own keys. Proof, once more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import flash, g, redirect, request, url_for

from booking.core import clock

View = TypeVar("View", bound=Callable[..., Any])


def needs_fresh_proof(minutes: int = 15) -> Callable[[View], View]:
    """Ask for password, passkey or code when the last proof is older; stands under the audience decorator.

    A form that comes too late is not kept: the person proves, and comes back to the page of the form.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if is_proof_fresh(minutes):
                return view(*args, **kwargs)
            if request.method != "GET":
                flash("Nothing was changed yet. Show that it is you, then do it again.")
            return redirect(url_for("people.prove", next=_page_to_come_back_to()))

        guarded.needs_fresh_proof = minutes  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def is_proof_fresh(minutes: int = 15) -> bool:
    """True when who is signed in showed it within these minutes."""
    proved_at = g.get("proved_at")
    return proved_at is not None and clock.now() - proved_at <= timedelta(minutes=minutes)


def _page_to_come_back_to() -> str:
    """The page asked for, or the page of the form that was sent."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    if request.url_rule is not None and "GET" in (request.url_rule.methods or ()):
        return request.path
    referrer = urlsplit(request.referrer or "")
    return referrer.path if referrer.netloc == request.host else "/"
