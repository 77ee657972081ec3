"""A split basket as the parent reads it before paying: the act in one sentence, and each amount by its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from booking.core.errors import BookingError
from booking.payments.estimate import CareCost, Estimate, estimate
from booking.payments.several_ways import ChildWay, Ways, everything_by_tfc, split_of, ways_of
from booking.payments.splitting import Part, Split
from booking.payments.to_pay import Summary


@dataclass(frozen=True)
class SplitWay:
    """One promise in words: for which child or from which firm, how much, and how many places it is for."""

    tender: str
    pupil_id: int | None
    voucher_firm_id: int | None
    name: str
    reference: str | None
    amount_pence: int
    count: int


@dataclass(frozen=True)
class SplitWords:
    """Everything that pays one basket, for the page; amounts in pence."""

    from_credit_pence: int
    card_pence: int
    promises: list[SplitWay]

    @property
    def by_scheme(self) -> list[SplitWay]:
        """What comes by Tax-Free Childcare or vouchers."""
        return [one for one in self.promises if one.tender != "office"]

    @property
    def scheme_pence(self) -> int:
        """How much of it comes by Tax-Free Childcare or vouchers."""
        return sum(one.amount_pence for one in self.by_scheme)

    @property
    def office_pence(self) -> int:
        """How much of it is paid at the office."""
        return sum(one.amount_pence for one in self.promises if one.tender == "office")


def split_words(summary: Summary, ways: Ways, split: Split) -> SplitWords:
    """Names for the ids of a split."""
    children = {child.pupil_id: child for child in ways.children}
    firms = {firm.id: firm.name for firm in ways.firms}

    def told(part: Part) -> SplitWay:
        child: ChildWay | None = children.get(part.pupil_id or 0)
        return SplitWay(
            tender=part.tender,
            pupil_id=part.pupil_id,
            voucher_firm_id=part.voucher_firm_id,
            name=child.name if child else firms.get(part.voucher_firm_id or 0, ""),
            reference=child.reference if child else None,
            amount_pence=part.amount_pence,
            count=len(part.places),
        )

    return SplitWords(split.from_credit_pence, split.card_pence, [told(part) for part in split.promises])


@dataclass(frozen=True)
class Scheme:
    """The simple way by Tax-Free Childcare for a whole basket, if there is one; `has_more`: ways may be mixed."""

    simple: SplitWords | None
    has_more: bool
    estimate: Estimate | None


def simple_scheme(summary: Summary, *, has_cards: bool, at: datetime) -> Scheme:
    """What the first page of paying offers beside card and office."""
    ways = ways_of(summary, at=at)
    simple = None
    if ways.children and summary.rest_pence:
        for takes_card in (True, False) if has_cards else (False,):
            try:
                split = split_of(summary, ways, everything_by_tfc(ways, has_cards=takes_card))
            except BookingError:
                continue
            simple = split_words(summary, ways, split)
            break
    return Scheme(
        simple=simple if simple and simple.scheme_pence else None,
        has_more=ways.takes_schemes and bool(summary.rest_pence),
        estimate=estimate_of(ways),
    )


def estimate_of(ways: Ways) -> Estimate | None:
    """What the basket may really cost, of lines whose seller and activity are approved."""
    costs = [
        CareCost(line.pupil_id, line.date, line.price_pence, line.takes_tfc, line.takes_universal_credit)
        for line in ways.lines
        if line.price_pence
    ]
    return estimate(costs, disabled=ways.disabled)
