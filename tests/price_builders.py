"""Builders of what makes a price other than the plain one: rates, pots, and whom a pot pays for."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from booking.bookings.models import Place, PriceLine
from booking.provision.price_models import Funding, Pot, Rate
from tests.builders import AT, save


def a_rate(kind: str = "sibling", **values: Any) -> Rate:
    """Ten in a hundred off for brothers and sisters, in everything, since September."""
    rate = Rate(
        **{
            "kind": kind,
            "name": "Second child" if kind == "sibling" else f"Rate {secrets.token_hex(3)}",
            "takes": "percent",
            "amount": 10,
            "starts_on": date(2026, 9, 1),
            "made_at": AT,
            **values,
        }
    )
    save(rate)
    return rate


def a_pot(**values: Any) -> Pot:
    """Fifty pounds for hardship, for the whole school year."""
    pot = Pot(
        **{
            "name": f"Heronpot {secrets.token_hex(3)}",
            "kind": "hardship",
            "budget_pence": 5000,
            "starts_on": date(2026, 9, 1),
            "ends_on": date(2027, 7, 31),
            **values,
        }
    )
    save(pot)
    return pot


def a_funding(pot: Pot, **values: Any) -> Funding:
    """A pot pays everything for one named child, unless another rule is given."""
    funding = Funding(
        **{
            "pot_id": pot.id,
            "rule": "child",
            "pays": "all",
            "amount": 0,
            "kinds": [],
            "starts_on": pot.starts_on,
            "ends_on": pot.ends_on,
            "decided_at": AT,
            **values,
        }
    )
    save(funding)
    return funding


def a_funded_place(place: Place, pot: Pot) -> Place:
    """The pot pays all of a place that costs the family nothing, by a decision for its child; past the engine."""
    a_funding(pot, pupil_id=place.pupil_id)
    save(
        PriceLine(place_id=place.id, kind="full", amount_pence=450),
        PriceLine(place_id=place.id, kind="funding", amount_pence=-450, pot_id=pot.id),
    )
    return place
