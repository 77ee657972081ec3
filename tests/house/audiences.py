"""What the tables of routes are made of: a route's audience, and whose things it shows."""

from __future__ import annotations

from dataclasses import dataclass

ANYONE = frozenset({"anyone"})


@dataclass(frozen=True)
class Route:
    """What the table says of one endpoint."""

    audience: frozenset[str]
    scoped_for: frozenset[str] = frozenset()
    is_signed: bool = False
    may_write_by_get: bool = False
    is_json: bool = False


def anyone(*, is_signed: bool = False) -> Route:
    """A public page; `is_signed` for Stripe's events, which carry a signature in place of a token."""
    return Route(ANYONE, is_signed=is_signed)


def only(
    *roles: str, scoped: tuple[str, ...] = (), may_write_by_get: bool = False, is_json: bool = False
) -> Route:
    """A page for these roles; for those in `scoped` only where the thing is theirs. With `is_json` a script asks."""
    return Route(frozenset(roles), frozenset(scoped), may_write_by_get=may_write_by_get, is_json=is_json)
