"""The tablet at the door: its page, the same page with nobody in it for the time without a network, and its worker.

No child stands in these pages. The script fills them from the day's list, which it keeps sealed until the shift ends.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Response, current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from booking.web.audience import for_anyone, for_roles

PARTS = (
    "css/tokens.css",
    "css/house.css",
    "css/rooms.css",
    "img/favicon.svg",
    "js/door.js",
    "js/door/asking.js",
    "js/door/banner.js",
    "js/door/rows.js",
    "js/door/screen.js",
    "js/door/states.js",
    "js/door/store.js",
    "js/door/sync.js",
    "js/sign_out.js",
)
"""What the page is made of, beside Bootstrap's own sheet; a test holds this against what the page really loads."""

WORKER = "js/door/worker.js"


@for_roles("staff", "manager", no_firms=True)
def door() -> ResponseReturnValue:
    """The door for one thumb: in, out, absent, undo, with the network or without."""
    return _page(is_shell=False)


@for_anyone
def door_shell() -> ResponseReturnValue:
    """The door with nobody in it: what a tablet opens when the server is out of reach."""
    return _page(is_shell=True)


def _page(*, is_shell: bool) -> str:
    return render_template("registers/door.html", is_shell=is_shell, someday=date.min)


@for_anyone
def service_worker() -> ResponseReturnValue:
    """The script that opens the door without a network; its text changes whenever a part of the page does."""
    assets = [url_for("static", filename=name) for name in PARTS]
    assets.append(url_for("bootstrap.static", filename="css/bootstrap.min.css"))
    facts = {
        "VERSION": _version(str(current_app.static_folder), str(current_app.template_folder)),
        "PAGE": url_for("registers.door"),
        "SHELL": url_for("registers.door_shell"),
        "SCOPE": url_for("registers.today"),
        "ASSETS": assets,
    }
    lines = [f"const {name} = {json.dumps(value)};" for name, value in facts.items()]
    script = _static(WORKER).read_text(encoding="utf-8")
    return Response("\n".join([*lines, script]), mimetype="text/javascript")


def _static(name: str) -> Path:
    return Path(str(current_app.static_folder)) / name


@cache
def _version(static: str, templates: str) -> str:
    """A word for the present state of all parts, read once a process."""
    pages = [
        Path(templates) / name for name in ("registers/door.html", "layouts/base.html", "layouts/staff.html")
    ]
    digest = sha256()
    for path in [Path(static) / name for name in (*PARTS, WORKER)] + pages:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
