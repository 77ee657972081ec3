"""What each person finds in the menu, by role; the same order on every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LINKS = (
    ("Book", "bookings.book", {"parent"}),
    ("Basket", "bookings.basket", {"parent"}),
    ("My bookings", "bookings.mine", {"parent"}),
    ("My children", "bookings.children", {"parent"}),
    ("Money", "payments.account", {"parent"}),
    ("Registers", "registers.today", {"staff", "manager"}),
    ("Office", "office.home", {"manager"}),
    ("Who takes part", "equity.report", {"governor", "manager"}),
    ("People who sign in", "office.users", {"admin"}),
    ("Your sign-in", "people.your_sign_in", {"parent", "staff", "manager", "governor", "admin"}),
)


@dataclass(frozen=True)
class Link:
    """One entry of the menu: its words and the endpoint that it leads to."""

    words: str
    endpoint: str


def menu_for(user: Any) -> list[Link]:
    """The links of the menu for whoever is signed in; empty for nobody."""
    if not getattr(user, "is_authenticated", False):
        return []
    return [Link(words, endpoint) for words, endpoint, roles in LINKS if user.role_names & roles]
