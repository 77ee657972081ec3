"""What a family says on the phone or at the hatch: that a scheme will pay all of a basket that it may."""

from __future__ import annotations

from datetime import datetime

from booking.payments.several_ways import Ways, book_promised, everything_by_tfc, ways_of
from booking.payments.splitting import Choice, SplitRefused
from booking.payments.to_pay import checkout_of


def schemes_for(account_id: int, *, at: datetime) -> list[tuple[str, str]]:
    """The schemes that may pay for what a family holds: what the button sends, and its words."""
    ways = _ways(account_id, at)
    if ways is None:
        return []
    tfc = [("tfc", "Book, by Tax-Free Childcare")] if ways.children else []
    return tfc + [(f"voucher-{firm.id}", f"Book, by vouchers of {firm.name}") for firm in ways.firms]


def book_by_scheme(
    account_id: int, scheme: str, *, seen_pence: int, at: datetime, user_id: int | None
) -> str:
    """Book it all on promises, by the scheme what it may pay and the rest at the office; gives the reference.

    Raises what `book_promised` raises, and `SplitRefused` for a scheme that is not on offer.
    """
    ways = _ways(account_id, at)
    choice = None
    if ways is not None and scheme == "tfc" and ways.children:
        choice = everything_by_tfc(ways, has_cards=False)
    elif ways is not None:
        firm_id = next((firm.id for firm in ways.firms if scheme == f"voucher-{firm.id}"), None)
        choice = Choice(voucher_firm_id=firm_id, rest="office") if firm_id is not None else None
    if choice is None:
        raise SplitRefused("That scheme cannot pay for these places. Nothing was booked. Please look again.")
    return book_promised(account_id, choice, "last_days", seen_pence=seen_pence, at=at, user_id=user_id)


def _ways(account_id: int, at: datetime) -> Ways | None:
    summary = checkout_of(account_id, at=at)
    return ways_of(summary, at=at) if summary is not None else None
