"""The letter with a family's link to early booking: the same words for everybody, and nothing about any child."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from booking.bookings.early_links import link_to
from booking.core import clock
from booking.core.errors import NotFound
from booking.core.words import clock as hour
from booking.core.words import moment
from booking.messages.letters import Letter, write_letter
from booking.people.restrictions import is_member
from booking.people.school_words import school_words
from booking.provision.models import Run
from booking.provision.runs import DAY_NAMES


def early_letter(context: Mapping[str, Any], *, base_url: str) -> Letter | None:
    """The clubs, the day and the link; nothing when the link is over, withdrawn or closed to the account by now."""
    account_id = int(context["account_id"])
    if not is_member(account_id, context.get("to_user_id")):
        return None
    try:
        found = link_to(int(context["window_id"]), account_id, at=clock.now())
    except NotFound:
        return None
    if found.is_over(clock.now()):
        return None
    words = {
        "opens_words": moment(found.window.opens_at),
        "clubs": [_line(link.run) for link in found.window.runs],
        "share": found.window.share,
        "link": f"{base_url}/early/{found.rows[0].token}",
        "rules_link": f"{base_url}/how-places-are-given",
        **school_words(),
    }
    return write_letter("early_booking", words)


def _line(run: Run) -> str:
    days = ", ".join(f"{DAY_NAMES[day]}s" for day in run.weekdays) if len(run.weekdays) < 5 else "every day"
    return f"{run.activity.name}, {days}, {hour(run.starts_at)} to {hour(run.ends_at)}"
