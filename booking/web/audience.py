"""Every route says who it is for; a route that does not is refused at start and by a house test."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, abort, g, redirect, request, url_for
from flask_login import current_user

View = TypeVar("View", bound=Callable[..., Any])
ANYONE = frozenset({"anyone"})


def for_anyone(view: View) -> View:
    """The page is public: nothing on it may depend on who asks, beyond the navigation."""
    view.audience = ANYONE  # type: ignore[attr-defined]
    return view


def for_roles(
    *roles: str, grant: str | None = None, is_json: bool = False, no_firms: bool = False
) -> Callable[[View], View]:
    """Only people with one of the roles (and the grant, when named) get in.

    Nobody signed in is sent to the sign-in page, or told 401 where a script asks (`is_json`); a wrong role gets
    403. Whether the object is theirs is the view's own question, and the answer to "not yours" is 404. To the people
    of an outside firm a page with `no_firms` is not there: they have their own under `/provider/`.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated and is_json:
                abort(401)
            if not current_user.is_authenticated:
                target = request.full_path.rstrip("?") if request.method == "GET" else None
                return redirect(url_for("people.sign_in", next=target))
            if not current_user.role_names & frozenset(roles):
                abort(403)
            if grant is not None and not getattr(current_user, grant):
                abort(403)
            if no_firms and current_user.seller_id is not None:
                abort(404)
            g.is_private = True
            return view(*args, **kwargs)

        guarded.audience = frozenset(roles)  # type: ignore[attr-defined]
        guarded.grant = grant  # type: ignore[attr-defined]
        guarded.is_json = is_json  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def check_audiences(app: Flask) -> None:
    """Refuse to start with a route that does not say whom it is for."""
    for endpoint, view in app.view_functions.items():
        if endpoint.endswith("static"):
            continue
        if not hasattr(view, "audience"):
            raise RuntimeError(f"the route {endpoint} declares no audience")
