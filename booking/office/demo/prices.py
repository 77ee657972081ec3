"""The demo school's rates and pots: a second child pays less, and pupil premium pays half of clubs and care."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from booking.bookings.pots import FundingDetails, PotDetails, decide_funding, save_pot
from booking.provision.rates import RateDetails, add_rate
from booking.provision.year_plan import Span

BUDGET_PENCE = 450_000


def write_prices(years: Sequence[Span], *, at: datetime) -> None:
    """One sibling rate since the first of the years, and a pot for each of them."""
    first = min(year.starts_on for year in years)
    rate = RateDetails("sibling", "Second child", "percent", 10, first)
    add_rate(rate, at=at, user_id=None)
    for year in years:
        starts, ends = year.starts_on, year.ends_on
        name = f"Pupil premium {starts.year}–{ends:%y}"
        details = PotDetails(name, "pupil_premium", BUDGET_PENCE, starts, ends)
        pot = save_pot(None, details, at=at, user_id=None)
        funding = FundingDetails(
            "entitlement", starts, ends, "percent", 50, ("club", "extended_care"), "pupil_premium"
        )
        decide_funding(pot.id, funding, at=at, user_id=None)
