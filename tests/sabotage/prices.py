"""Sabotages of prices: budgets, what comes back to a pot, whose rate it is, and who can tell."""

from __future__ import annotations

from tests.sabotage.kinds import BOTH, POSTGRESQL, Edit, Sabotage

POTS = "tests/bookings/test_pots.py"
FUNDING = "tests/bookings/test_funding.py"
PRICES = "tests/bookings/test_prices.py"
PURE = "booking/bookings/prices.py"
KEPT = "booking/bookings/frozen_prices.py"
POSTING = "booking/ledger/posting.py"

PRICING = (
    Sabotage(
        "a basket does not lock the pots that pay for it",
        (
            Edit(
                "booking/bookings/places.py",
                "(FamilyAccount, [account_id]), (Pot, facts.pots))",
                "(FamilyAccount, [account_id]))",
            ),
        ),
        (f"{POTS}::test_of_many_funded_families_at_one_moment_only_as_many_are_paid_as_the_pot_can",),
        POSTGRESQL,
    ),
    Sabotage(
        "a pot pays whatever is left in it",
        (Edit(PURE, "if left.get(one[2], 0) >= one[0]", "if one[0]"),),
        (POTS, PRICES),
        BOTH,
    ),
    Sabotage(
        "what a cancelled place cost its pot is kept by the income",
        (
            Edit(
                POSTING,
                "-one.amount_pence, one.place_id) for one in _lines_of([place])]",
                "-one.amount_pence, one.place_id) for one in "
                "_lines_of([BookedPlace(*list(place.__dict__.values())[:5])])]",
            ),
        ),
        (POTS,),
    ),
    Sabotage(
        "only who paid something is given back to",
        (
            Edit(
                "booking/bookings/cancellation.py",
                "terms[place.id].is_in_time]",
                "terms[place.id].credit_pence]",
            ),
        ),
        (POTS,),
    ),
    Sabotage(
        "a hold that is over keeps its money beside another's",
        (Edit(KEPT, "        expire(at, in_pots(pot_ids))", "        assert at"),),
        (f"{POTS}::test_a_hold_that_is_over_cannot_be_kept_on_once_its_money_went_to_another",),
    ),
    Sabotage(
        "late money books though the pot cannot pay any more",
        (Edit("booking/bookings/places.py", " or not pots_can_pay(needs, at)", ""),),
        (f"{FUNDING}::test_late_money_takes_the_places_again_only_if_the_pot_still_pays",),
    ),
    Sabotage(
        "a code is good for every family",
        (Edit("booking/bookings/pots.py", ", Funding.account_id.is_(None))", ")"),),
        (f"{FUNDING}::test_a_code_is_one_familys_and_makes_what_it_holds_cheaper_at_once",),
    ),
    Sabotage(
        "a family reads that a pot pays",
        (Edit("booking/bookings/price_parts.py", "if one.rate_id and self.pence", "if one.pence < 0"),),
        (PRICES,),
    ),
    Sabotage(
        "a percentage is rounded down",
        (Edit(PURE, "(pence * percent + 50) // 100", "pence * percent // 100"),),
        (f"{PRICES}::test_half_a_penny_is_rounded_up",),
    ),
    Sabotage(
        "the youngest pays in full",
        (Edit(PURE, "item.pupil_id != min(here", "item.pupil_id != max(here"),),
        (PRICES,),
    ),
)
