"""How one basket is paid in several ways: sums to the penny, and each promise with its own places.

Lines come in the parent's order: what must stay whatever happens comes first. Money that is there at once (credit, card)
is counted for the first lines, so that promises are for those that the parent can best do without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from booking.core.errors import BookingError
from booking.core.money import format_pence

SMALLEST_CARD_PENCE = 30  # Stripe takes no card payment below 30p in pounds


class SplitRefused(BookingError):
    """The amounts cannot be paid in these ways; the sentence says why, and nothing was paid."""


@dataclass(frozen=True)
class PricedLine:
    """One place to pay for, and whether Tax-Free Childcare or vouchers may pay it."""

    place_id: int
    pupil_id: int
    price_pence: int
    takes_tfc: bool = False
    takes_vouchers: bool = False


@dataclass(frozen=True)
class Choice:
    """What a parent chose: pence by Tax-Free Childcare for each child (`None`: all that may), the same in vouchers of a
    firm, and how the rest is paid.
    """

    tfc: Mapping[int, int | None] = field(default_factory=dict)
    voucher_firm_id: int | None = None
    voucher_pence: int | None = None
    keeps_credit: bool = False
    rest: Literal["card", "office"] = "card"


@dataclass(frozen=True)
class Part:
    """One promise: how it will be paid, and which places it is for as (place, pence), in the parent's order."""

    tender: str
    places: tuple[tuple[int, int], ...]
    pupil_id: int | None = None
    voucher_firm_id: int | None = None

    @property
    def amount_pence(self) -> int:
        """The sum of its places' parts."""
        return sum(pence for _, pence in self.places)


@dataclass(frozen=True)
class Split:
    """Everything that pays one basket; credit, card and promises sum to its total."""

    from_credit_pence: int
    card_pence: int
    promises: tuple[Part, ...]


class _Room:
    """How much of each line no promise pays yet; promises fill it from the last line back."""

    def __init__(self, lines: Sequence[PricedLine]) -> None:
        self.lines = lines
        self.left = {line.place_id: line.price_pence for line in lines}

    def of(self, places: Sequence[PricedLine]) -> int:
        return sum(self.left[line.place_id] for line in places)

    def take(self, places: Sequence[PricedLine], pence: int) -> tuple[tuple[int, int], ...]:
        taken = []
        for line in reversed(places):
            part_pence = min(pence, self.left[line.place_id])
            if part_pence:
                taken.append((line.place_id, part_pence))
                self.left[line.place_id] -= part_pence
                pence -= part_pence
        return tuple(reversed(taken))


def split_basket(lines: Sequence[PricedLine], credit_pence: int, choice: Choice) -> Split:
    """Divide a basket's price among credit, promises and the rest, which a card pays now or the family at the office.

    Credit pays first, unless the parent keeps it and a card pays everything. Raises `SplitRefused`.
    """
    total_pence = sum(line.price_pence for line in lines)
    keeps = choice.keeps_credit and not choice.tfc and choice.voucher_firm_id is None
    if choice.keeps_credit and not (keeps and choice.rest == "card"):
        raise SplitRefused(
            "You can keep your credit only when a card pays for everything now, for what you owe is paid from credit "
            "first. Nothing was paid."
        )
    from_credit_pence = 0 if keeps else min(max(credit_pence, 0), total_pence)
    rest_pence = total_pence - from_credit_pence
    room, parts = _Room(lines), list[Part]()
    for pupil_id, asked_pence in choice.tfc.items():
        own = [line for line in lines if line.takes_tfc and line.pupil_id == pupil_id]
        pence = _allowed(asked_pence, room.of(own), rest_pence, "Tax-Free Childcare")
        rest_pence -= pence
        parts.append(Part("tfc", room.take(own, pence), pupil_id=pupil_id))
    if choice.voucher_firm_id is not None:
        taking = [line for line in lines if line.takes_vouchers]
        pence = _allowed(choice.voucher_pence, room.of(taking), rest_pence, "vouchers")
        rest_pence -= pence
        parts.append(Part("voucher", room.take(taking, pence), voucher_firm_id=choice.voucher_firm_id))
    if choice.rest == "office":
        parts.append(Part("office", room.take(lines, rest_pence)))
        rest_pence = 0
    elif 0 < rest_pence < SMALLEST_CARD_PENCE:
        more_pence = SMALLEST_CARD_PENCE - rest_pence
        if from_credit_pence < more_pence:
            raise SplitRefused(
                f"A card pays {format_pence(SMALLEST_CARD_PENCE)} or more, and {format_pence(rest_pence)} is left. "
                "Choose other amounts, or pay the rest at the office. Nothing was paid."
            )
        from_credit_pence, rest_pence = from_credit_pence - more_pence, SMALLEST_CARD_PENCE
    return Split(from_credit_pence, rest_pence, tuple(part for part in parts if part.places))


def _allowed(asked_pence: int | None, most_pence: int, rest_pence: int, way: str) -> int:
    """The amount of one promise; without a wish all that may be."""
    allowed_pence = min(most_pence, rest_pence)
    if asked_pence is None:
        return allowed_pence
    if not 0 <= asked_pence <= allowed_pence:
        raise SplitRefused(
            f"At most {format_pence(allowed_pence)} of this can be paid by {way}"
            f"{' after your credit and the other amounts' if rest_pence < most_pence else ''}. Nothing was paid."
        )
    return asked_pence
