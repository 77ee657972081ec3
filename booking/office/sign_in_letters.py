"""Letters of signing in. Whether anybody has an address is found out here, when the letter is about to leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from booking.core import clock
from booking.core.db import db
from booking.messages.letters import Letter, write_letter
from booking.people.models import User
from booking.people.one_time import is_live
from booking.people.school_words import school_words
from booking.people.sign_in import find_user
from booking.people.sign_in_models import OneTimeSecret

CHANGES = {
    "password": ("Your password was changed", "Your password for Eight till Six was changed just now."),
    "email": ("Your address was changed", "Somebody signs in with a new e-mail address in your place now."),
    "passkey_added": ("A passkey was added", "A new passkey can sign in as you now."),
    "passkey_removed": ("A passkey was removed", "One of your passkeys was taken away."),
    "code_app_on": ("A code app was set up", "We now ask for a code from an app after your password."),
    "code_app_off": ("The code app was removed", "We no longer ask for a code from your app."),
    "recovery_codes": (
        "New recovery codes",
        "Ten new recovery codes were made. The old ones do not work now.",
    ),
    "recovery_used": ("A recovery code was used", "Somebody signed in with one of your recovery codes."),
    "factors_forgotten": (
        "Your passkeys and codes were removed",
        "The school removed your passkeys and codes. You set up a new one when you next sign in.",
    ),
}


def _live(context: Mapping[str, Any]) -> OneTimeSecret | None:
    row = db.session.get(OneTimeSecret, int(context["secret_id"]))
    return row if row is not None and is_live(row, at=clock.now()) else None


def code_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """The six figures for a device that is not known; nothing when they are over or a fresh letter took their place."""
    row = _live(context)
    user = db.session.get(User, row.user_id) if row is not None and row.user_id else None
    if row is None or user is None:
        return None
    words = {"code": row.secret, "name": user.name, "link": f"{base_url}/forgotten"}
    return write_letter("sign_in_code", {**words, **school_words()})


def reset_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """The link to a new password; nothing when nobody (or nobody who may sign in) has that address."""
    row = _live(context)
    user = find_user(row.email) if row is not None else None
    if row is None or user is None or not user.active:
        return None
    words = {"name": user.name, "link": f"{base_url}/reset/{row.secret}"}
    return write_letter("reset", {**words, **school_words()})


def new_email_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """The link that takes a new address into use; nothing when somebody else signs in with it."""
    row = _live(context)
    user = db.session.get(User, row.user_id) if row is not None and row.user_id else None
    if row is None or user is None or find_user(row.email) is not None:
        return None
    words = {"name": user.name, "link": f"{base_url}/new-email/{row.secret}"}
    return write_letter("new_email", {**words, **school_words()})


def changed_letter(context: Mapping[str, Any], *, base_url: str) -> Letter:
    """What changed about somebody's signing in, and what to do if it was not them."""
    what, sentence = CHANGES[context["what"]]
    words = {
        "what": what,
        "sentence": sentence,
        "name": context["name"],
        "link": f"{base_url}/forgotten",
    }
    return write_letter("sign_in_changed", {**words, **school_words()})
