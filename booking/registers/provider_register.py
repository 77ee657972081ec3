"""An outside provider's register: name, class and what keeps a child safe, and nothing else.

Who may collect is not shown. Whoever comes says a name; the coach types it, and hears only whether it is on the list.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from booking.core import clock
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.models import User
from booking.provision.models import Session
from booking.registers.expected import Expected, may_see_session, registers_of
from booking.registers.marks import ChildState, add_mark

OUTS = {"collected": "Collected", "to_activity": "Handed to school staff"}
HANDED_OVER = "School staff"


class NotOnTheList(BookingError):
    """The name is not on the child's list of today; neither the list nor any reason is told to an outside firm."""

    def __init__(self) -> None:
        super().__init__(
            "That name is not on this child’s list. Keep the child with you, and ring the school office. "
            "Nobody was marked out."
        )


class NotToday(BookingError):
    """A firm marks its register on the day of the session and on no other."""

    def __init__(self) -> None:
        super().__init__("This register is marked on its own day. Nothing was changed.")


@dataclass(frozen=True)
class ProviderChild:
    """One child as an outside firm may see it; `needs_check` says that a grown-up of the school must release it."""

    pupil_id: int
    surname: str
    first_name: str
    class_name: str
    status: str
    allergies: tuple[str, ...]
    medical: str
    needs_check: bool
    state: ChildState


def own_session(user: User, session_id: int) -> Session:
    """A session of the firm that this person works for; raises `NotFound` for any other.

    As at the school's own door, nobody gets a register with a child on it whom a restriction closes to them.
    """
    found = db.session.get(Session, session_id)
    is_own = found is not None and user.seller_id is not None
    if found is None or not is_own or found.run.activity.seller_id != user.seller_id:
        raise NotFound
    if not may_see_session(user, found):
        raise NotFound
    return found


def provider_register(session: Session) -> list[ProviderChild]:
    """The children of a session, by surname, with what an outside firm may see of them."""
    (register,) = registers_of([session])
    return [_seen_by_firm(one) for one in register.children]


def _seen_by_firm(one: Expected) -> ProviderChild:
    return ProviderChild(
        one.pupil.id,
        one.pupil.surname,
        one.pupil.first_name,
        one.pupil.class_name or "",
        one.status,
        one.alerts,
        (one.care.medical or "") if one.care else "",
        bool(one.do_not_release_to),
        one.state,
    )


def mark_by_firm(session: Session, pupil_id: int, what: str, name: str, *, at: datetime, user_id: int) -> str:
    """Mark one child of the firm's own register; gives what is said afterwards.

    A child goes with somebody whose name is on its list, or to school staff; one whom the school must release goes to
    school staff alone. Raises `NotToday`, `NotOnTheList`, `MarkRefused` or `NotFound`.
    """
    if session.date != clock.today(at):
        raise NotToday
    (register,) = registers_of([session])
    child = next((one for one in register.children if one.pupil.id == pupil_id), None)
    if child is None:
        raise NotFound
    detail = None
    if what == "to_activity":
        detail = HANDED_OVER
    elif what == "collected":
        detail = _who_collects(child, name)
    add_mark(session.id, pupil_id, what, at=at, user_id=user_id, detail=detail)
    words = {
        "arrived": "in",
        "absent": "absent",
        "collected": "collected",
        "to_activity": "with school staff",
    }
    return f"{child.pupil.first_name} is {words[what]}."


def _who_collects(child: Expected, name: str) -> str:
    """The name as it is kept, when it is on the list and no restriction asks the school to look."""
    if child.do_not_release_to:
        raise NotOnTheList
    typed = folded(name)
    for words in child.may_collect:
        if typed and typed == folded(words.partition(" (")[0]):
            return words
    raise NotOnTheList


def folded(name: str) -> str:
    """A name without capitals, accents, points and doubled blanks, as two people may write it."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    kept = "".join(sign if sign.isalnum() else " " for sign in plain if not unicodedata.combining(sign))
    return " ".join(kept.split())
