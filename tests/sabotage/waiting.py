"""Sabotages of waiting lists and of preference rounds: order, offers, parties, and the draw."""

from __future__ import annotations

from tests.sabotage.kinds import BOTH, POSTGRESQL, Edit, Sabotage

LISTS = "tests/bookings/test_waiting_families.py"
ROUNDS = "tests/bookings/test_rounds.py"
MATCHING = "tests/bookings/test_matching.py"
OFFERS = "booking/bookings/offers.py"
WAITING_LIST = "booking/bookings/waiting_list.py"
MATCH = "booking/bookings/matching.py"

EARLY_RACES = "tests/bookings/test_early_races.py"

WAITING = (
    Sabotage(
        "an offer may end while it is being taken",
        (
            Edit(
                WAITING_LIST,
                "entry.offered_place_id, with_for_update=True, populate",
                "entry.offered_place_id, populate",
            ),
        ),
        ("tests/bookings/test_crossing_answers.py::test_an_offer_does_not_end_while_it_is_being_taken",),
        POSTGRESQL,
    ),
    Sabotage(
        "what the worker has just let go is called full",
        (
            Edit(
                "booking/bookings/places.py",
                "        expire(at, Place.session_id.in_(sessions))\n        situation = load",
                "        if expire(at, Place.session_id.in_(sessions)):\n            situation = load",
            ),
        ),
        (
            "tests/bookings/test_basket_races.py::test_room_that_the_worker_makes_at_the_same_moment_is_not_called_full",
        ),
        POSTGRESQL,
    ),
    Sabotage(
        "two managers publish an early window for one run",
        (Edit("booking/bookings/early_windows.py", "ids.with_for_update(key_share=True)", "ids"),),
        (f"{EARLY_RACES}::test_of_managers_who_publish_at_one_moment_one_does",),
        POSTGRESQL,
    ),
    Sabotage(
        "early booking takes more than its share",
        (
            Edit(
                "booking/bookings/early_rule.py",
                "def is_used_up(",
                "def is_used_up(self, *_: object) -> bool:\n        return False\n\n    def _is_used_up(",
            ),
        ),
        (f"{EARLY_RACES}::test_the_last_early_place_goes_to_one_family",),
        BOTH,
    ),
    Sabotage(
        "whoever comes by passes the waiting list",
        (
            Edit(
                "booking/bookings/rules.py",
                "self.waiting.get(session_id, 0) > 0 and self.at < ends",
                "self.waiting.get(session_id, 0) > 9 and self.at < ends",
            ),
        ),
        (f"{LISTS}::test_a_free_place_belongs_to_the_list_while_somebody_on_it_fits",),
    ),
    Sabotage(
        "families are written to at night",
        (Edit(OFFERS, "not_before=heard_at", "not_before=at"),),
        (f"{LISTS}::test_quiet_hours_delay_the_message_and_the_clock_but_not_the_place",),
    ),
    Sabotage(
        "the clock of an offer runs before it can be heard",
        (Edit(OFFERS, "until=heard_at + lasts", "until=at + lasts"),),
        (f"{LISTS}::test_quiet_hours_delay_the_message_and_the_clock_but_not_the_place",),
    ),
    Sabotage(
        "a larger party is passed over without end",
        (Edit(OFFERS, ">= policy.most_skips", ">= policy.most_skips + 1000"),),
        (f"{LISTS}::test_a_place_goes_past_a_party_only_so_often_and_each_time_is_recorded",),
    ),
    Sabotage(
        "one of two siblings is offered a place alone",
        (Edit(OFFERS, "if could and all(left", "if could and any(left"),),
        (LISTS,),
    ),
    Sabotage(
        "an offer outlives the cut-off",
        (Edit(OFFERS, "until = min(until, *(", "until = max(until, *("),),
        (f"{LISTS}::test_an_offer_ends_at_the_cut_off_at_the_latest",),
    ),
    Sabotage(
        "the newest on the list is asked first",
        (
            Edit(
                "booking/bookings/order.py",
                "(e.id not in first, e.joined_at, e.id)",
                "(e.id not in first, -e.joined_at.timestamp(), -e.id)",
            ),
        ),
        (f"{LISTS}::test_the_published_order_is_kept",),
    ),
    Sabotage(
        "an offer that has ended can be taken",
        (Edit(WAITING_LIST, "(place.held_until or at) <= at", "(place.held_until or at) <= place.held_at"),),
        (f"{LISTS}::test_an_offer_ends_at_the_cut_off_at_the_latest",),
    ),
    Sabotage(
        "a family answers the offer of another",
        (
            Edit(
                WAITING_LIST,
                "if entry is None or entry.account_id != account_id:",
                "if entry is None or not account_id:",
            ),
        ),
        (f"{LISTS}::test_only_ones_own_waiting_entries_can_be_put_together",),
    ),
)

DRAWING = (
    Sabotage(
        "the draw forgets the reserved places",
        (Edit(MATCH, "i not in kept and reserve in people[i].reserves", "i in kept"),),
        (f"{MATCHING}::test_a_reserved_place_goes_to_whom_it_is_for_and_to_all_when_nobody_asks",),
    ),
    Sabotage(
        "the draw goes before the published order",
        (
            Edit(
                MATCH,
                "(one.group, draw_number(seed, one.id)) for one",
                "(0, draw_number(seed, one.id)) for one",
            ),
        ),
        (f"{MATCHING}::test_the_published_group_goes_before_the_draw",),
    ),
    Sabotage(
        "the number in the draw does not come from the seed",
        (Edit(MATCH, "hmac.new(seed.encode(),", 'hmac.new(b"any",'),),
        (f"{MATCHING}::test_the_seed_cannot_be_changed_once_its_commitment_is_out",),
    ),
    Sabotage(
        "the commitment is that of another seed",
        (Edit("booking/bookings/rounds.py", "seed=seed,", "seed=secrets.token_hex(32),"),),
        (f"{ROUNDS}::test_the_seed_is_sealed_until_the_result_and_the_commitment_is_not",),
    ),
    Sabotage(
        "the seed is drawn again when the result comes out",
        (Edit("booking/bookings/round_results.py", "seed = one.seed", "seed = secrets.token_hex(32)"),),
        (f"{ROUNDS}::test_a_replay_agrees_and_notices_one_changed_line",),
    ),
    Sabotage(
        "a child gets two clubs at one time",
        (Edit(MATCH, "clubs[club_id].slot not in slots", "club_id not in found"),),
        (f"{ROUNDS}::test_two_clubs_of_one_weekday_are_never_both_given",),
    ),
    Sabotage(
        "a round is drawn twice, or while it is open",
        (Edit("booking/bookings/round_results.py", 'if one.state(at) != "closed":', "if one.id < 0:"),),
        (f"{ROUNDS}::test_it_is_drawn_once_and_not_while_it_is_open",),
    ),
)
