"""What a press at the door does: one mark, one undo, or a release to somebody who is not on the list, with its call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from booking.core.errors import BookingError, NotFound
from booking.people.models import User
from booking.provision.models import Session
from booking.registers.calls import log_call
from booking.registers.marks import OUTS, add_mark, undo
from booking.registers.release import check_release

ABSENT = {
    "told": "The family said so",
    "school": "Not in school today",
    "elsewhere": "Somewhere else in school",
    "unknown": "Nobody knows why",
}
"""Why a child is not here, as far as the door has to know. Illness is not among them: that is the office's to keep."""


class NotARelease(BookingError):
    """A release to somebody who is not on the list says who, who was rung and that they agreed; nothing was marked."""


@dataclass(frozen=True)
class Press:
    """One button of the register: a mark for a child (`detail` says with whom, where to or why), or a mark to undo."""

    pupil_id: int | None
    what: str = ""
    detail: str = ""
    undoes: int | None = None


def press(
    session: Session, pressed: Press, *, at: datetime, user_id: int, device_id: int | None = None
) -> None:
    """Do what was pressed, on which tablet of the school (empty: any other device).

    Raises `MarkRefused`, `ReleaseRefused` or `NotFound`, and then nothing has changed.
    """
    if pressed.undoes:
        undo(pressed.undoes, at=at, user_id=user_id, session_id=session.id, device_id=device_id)
        return
    if pressed.pupil_id is None:
        raise NotFound
    detail = pressed.detail
    if pressed.what in OUTS:
        detail = check_release(pressed.pupil_id, session, pressed.what, detail, at=at)
    elif pressed.what == "absent":
        detail = ABSENT.get(detail, "")
    add_mark(
        session.id,
        pressed.pupil_id,
        pressed.what,
        at=at,
        user_id=user_id,
        device_id=device_id,
        detail=detail[:160] or None,
    )


@dataclass(frozen=True)
class Rung:
    """Who was rung before a child went with somebody who is not on the list, and whether they agreed."""

    whom: str
    agreed: bool
    outcome: str = ""


def release_after_call(
    session: Session, pupil_id: int, name: str, rung: Rung, *, at: datetime, user: User
) -> str:
    """Let a child go with somebody who is not on the list, after a call; the call is logged whatever they said.

    Gives what the person at the door reads: the child went, or stays because nobody agreed. Raises `NotARelease`,
    `ReleaseRefused` or `MarkRefused`; then neither call nor mark is written.
    """
    if not rung.whom.strip():
        raise NotARelease("Say whom you rang. Nobody was marked out.")
    words = check_release(pupil_id, session, "collected", name, at=at, was_called=True)
    outcome = rung.outcome.strip() or ("Agreed" if rung.agreed else "Did not agree")
    log_call(pupil_id, session.id, rung.whom, f"{outcome}. About: {words}", at, user.id, about="release")
    if not rung.agreed:
        return f"The call is written down. The child stays: nobody agreed to {words}."
    add_mark(session.id, pupil_id, "collected", at=at, user_id=user.id, detail=words[:160])
    return f"Out with {words}. The call is written down."
