"""Every kind of sheet: its name on the command line, its words on the button, who may print it, and what makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from booking.people.models import User
from booking.registers.contact_sheet import contacts
from booking.registers.custody_sheets import handover, roll_call
from booking.registers.evening_sheets import buses, late
from booking.registers.going_home import going_home
from booking.registers.kitchen_sheet import kitchen
from booking.registers.paper_facts import Made, PaperDay

OFFICE, STAFF, PROVIDER = "office", "staff", "provider"


@dataclass(frozen=True)
class Kind:
    """One kind of sheet; `who` are those who may print it, each of the sessions that they may see.

    `make` is empty for the sheets that go session by session (`registers/register_sheets.py`). `by_session` says that
    one session alone can have it.
    """

    name: str
    words: str
    about: str
    who: frozenset[str]
    make: Callable[[PaperDay], Made] | None = None
    by_session: bool = True


def _kinds(*kinds: Kind) -> Mapping[str, Kind]:
    return MappingProxyType({kind.name: kind for kind in kinds})


SCHOOL = frozenset({OFFICE, STAFF})
KINDS = _kinds(
    Kind("door", "Door sheets", "Who is expected. No care details: it may hang at the door.", SCHOOL),
    Kind("leader", "Leader’s sheets", "With allergies, medicine, and who may collect.", SCHOOL),
    Kind(
        "provider",
        "Registers for a provider",
        "For an outside club: name, class and safety needs, nothing else.",
        frozenset({OFFICE, STAFF, PROVIDER}),
    ),
    Kind(
        "going_home",
        "Going home, by class",
        "Every child of each class tonight. Absences are off it, late changes in bold.",
        frozenset({OFFICE}),
        going_home,
        by_session=False,
    ),
    Kind("handover", "Handover into care", "Clubs into care, in the order of arrival.", SCHOOL, handover),
    Kind("roll_call", "Roll call", "Everybody on site now, by room.", SCHOOL, roll_call),
    Kind("kitchen", "Kitchen", "How many eat, by diet; names only beside an allergy.", SCHOOL, kitchen),
    Kind("contacts", "Emergency contacts", "Whom to ring about each child.", frozenset({OFFICE}), contacts),
    Kind("late", "Late collections", "To sign, with the school’s rule.", SCHOOL, late),
    Kind("bus", "Buses", "Who goes home by which bus.", frozenset({OFFICE}), buses, by_session=False),
)


def kinds_for(user: User) -> list[Kind]:
    """The kinds that a person may print: an outside provider's people one alone, the office all."""
    of_school = OFFICE if "manager" in user.role_names else STAFF
    mine = of_school if user.seller_id is None else PROVIDER
    return [kind for kind in KINDS.values() if mine in kind.who]
