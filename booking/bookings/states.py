"""The one table of how places and baskets move; whatever is not in it is refused."""

from __future__ import annotations

CHANNELS = {"phone": "by phone", "hatch": "at the hatch"}
"""How a family asks when it does not book by itself."""
PLACE_MOVES: dict[str, frozenset[str]] = {
    "held": frozenset({"booked", "expired", "cancelled"}),
    "booked": frozenset({"cancelled"}),
    "expired": frozenset({"booked"}),
    "cancelled": frozenset(),
}
BASKET_MOVES: dict[str, frozenset[str]] = {
    "open": frozenset({"paying", "booked"}),
    "paying": frozenset({"open", "booked", "ended"}),
    "ended": frozenset({"booked"}),
    "booked": frozenset(),
}


class WrongMove(RuntimeError):
    """A programming error: a place or basket was sent to a state that its own state does not lead to."""


def check_move(moves: dict[str, frozenset[str]], before: str, after: str) -> None:
    """Raise `WrongMove` unless the table leads from one state to the other."""
    if after not in moves[before]:
        raise WrongMove(f"{before} to {after}")
