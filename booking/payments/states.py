"""The one table of how payments, refunds and disputes move from state to state; whatever is not in it is refused.

A payment that was given up or failed may still become paid: money can come late, and is never ignored. So the promises
that waited for it may come into force late as well. A paid one is undone only where the office took a line of the bank
for the wrong family's.
"""

from __future__ import annotations

from typing import Protocol

PAYMENT_MOVES: dict[str, frozenset[str]] = {
    "started": frozenset({"paid", "given_up", "failed"}),
    "waiting": frozenset({"promised", "given_up"}),
    "promised": frozenset(),
    "paid": frozenset({"undone"}),
    "undone": frozenset(),
    "given_up": frozenset({"paid", "promised"}),
    "failed": frozenset({"paid"}),
}
LINE_MOVES: dict[str, frozenset[str]] = {
    "waiting": frozenset({"matched", "split", "set_aside"}),
    "matched": frozenset({"waiting"}),
    "split": frozenset({"waiting"}),
    "set_aside": frozenset({"waiting"}),
}
REFUND_MOVES: dict[str, frozenset[str]] = {
    "asked": frozenset({"done", "failed"}),
    "done": frozenset({"failed"}),
    "failed": frozenset(),
}
DISPUTE_MOVES: dict[str, frozenset[str]] = {
    "opened": frozenset({"won", "lost"}),
    "won": frozenset(),
    "lost": frozenset(),
}


class WrongMove(RuntimeError):
    """A programming error: something was sent to a state that its own state does not lead to."""


class _HasState(Protocol):
    state: str


def move(row: _HasState, to: str, moves: dict[str, frozenset[str]]) -> None:
    """Put a row into its next state; raises `WrongMove` when the table does not allow it."""
    if to not in moves[row.state]:
        raise WrongMove(f"{type(row).__name__} from {row.state} to {to}")
    row.state = to
