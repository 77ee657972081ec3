"""Sabotages of what families and the school change after booking: swaps, cancelling, closures, fewer places."""

from __future__ import annotations

from tests.sabotage.kinds import Edit, Sabotage

CHANGES = "tests/bookings/test_changes.py"
SWAPS = "tests/bookings/test_swaps.py"
PAGES = "tests/bookings/test_pages.py"
SWAP = "booking/bookings/swaps.py"
CANCEL = "booking/bookings/cancellation.py"
NEW = "book_at_once(account_id, prices, situation, at=at, user_id=user_id)"
OLD = 'cancel_locked(places, at=at, user_id=user_id, channel=channel, reason="swapped")'

CHANGING = (
    Sabotage(
        "what was chosen for a child who left stays in the basket",
        (
            Edit(
                "booking/bookings/baskets.py",
                "gone |= {pair for pair in has if pair[0] not in bookable}",
                "assert gone is not None",
            ),
        ),
        (
            "tests/bookings/test_changes.py::"
            "test_what_was_chosen_for_a_child_who_left_does_not_stand_in_the_way_of_the_others",
        ),
    ),
    Sabotage(
        "a session that is called off is its own way out",
        (Edit("booking/bookings/changes.py", " or fallback.id == instead_of.id", ""),),
        (
            "tests/bookings/test_changes.py::"
            "test_a_session_is_called_off_once_and_only_with_a_fallback_of_that_day",
        ),
    ),
    Sabotage(
        "late money takes a hold that ran out by its own clock",
        (Edit("booking/bookings/places.py", "            Place.held_until.is_(None),\n", ""),),
        ("tests/bookings/test_late_holds.py",),
    ),
    Sabotage(
        "a swap lets the old place go before it takes the new",
        (Edit(SWAP, f"{NEW}\n    {OLD}", f"{OLD}\n    {NEW}"),),
        (SWAPS,),
    ),
    Sabotage(
        "a swap lets the old place go and takes no new one",
        (Edit(SWAP, NEW, "dict(pairs)"),),
        (SWAPS,),
    ),
    Sabotage(
        "a swap costs what was not shown",
        (Edit(SWAP, " or swap.difference_pence != seen_pence", ""),),
        (f"{SWAPS}::test_a_difference_that_was_not_shown_moves_nothing",),
    ),
    Sabotage(
        "a family swaps the place of another",
        (
            Edit(
                SWAP,
                "[place for place in fresh_places(place_ids) if place.account_id == account_id]",
                "[place for place in fresh_places(place_ids) if account_id]",
            ),
        ),
        (f"{SWAPS}::test_nobody_swaps_the_place_of_another_family",),
    ),
    Sabotage(
        "cancelling goes by the terms of today and not those of the booking",
        (
            Edit(
                CANCEL,
                "is_in_time = at < place.credit_until",
                "is_in_time = at < clock.instant(session.date - session.run.closes_days_before * date.resolution, "
                "session.run.closes_at)",
            ),
        ),
        (SWAPS,),
    ),
    Sabotage(
        "cancelling promises the price of today and not that of the booking",
        (
            Edit(
                CANCEL, "return Terms(place.price_pence, words", "return Terms(session.run.price_pence, words"
            ),
        ),
        (SWAPS, PAGES),
    ),
    Sabotage(
        "a family looks at and cancels the place of another",
        (Edit(CANCEL, "Place.account_id.in_(account_ids), ", ""),),
        ("tests/house/test_routes.py::test_what_belongs_to_others_is_not_there",),
    ),
    Sabotage(
        "what the school takes back is not paid back",
        (Edit("booking/bookings/releasing.py", "post_credit(one, at=at, user_id=user_id)", "assert one"),),
        (CHANGES,),
    ),
    Sabotage(
        "nobody is told of a change",
        (
            Edit(
                "booking/bookings/releasing.py",
                'write_to_family(account_id, "change", context, key=f"change:{change.id}:{account_id}", at=at)',
                "assert context",
            ),
        ),
        (CHANGES,),
    ),
    Sabotage(
        "a child is sent out on a message that was read and not answered so",
        (
            Edit(
                "booking/bookings/notices.py",
                'if answer == "collected" and is_given and fallback',
                "if is_given and fallback",
            ),
        ),
        (f"{CHANGES}::test_an_unread_message_sends_nobody_out",),
    ),
    Sabotage(
        "a session is called off and nobody says where the children go",
        (
            Edit(
                "booking/bookings/changes.py",
                "if fallback is not None:\n        _send_to",
                "if not booked:\n        _send_to",
            ),
        ),
        (CHANGES,),
    ),
    Sabotage(
        "fewer places send away whoever came first",
        (
            Edit(
                "booking/bookings/changes.py",
                ".order_by(Place.held_at.desc(), Place.id.desc())",
                ".order_by(Place.held_at, Place.id)",
            ),
        ),
        (f"{CHANGES}::test_fewer_places_ask_the_last_who_came_and_nobody_unseen",),
    ),
    Sabotage(
        "fewer places send away somebody whom nobody looked at",
        (
            Edit(
                "booking/bookings/changes.py",
                "if {place.id for place in going} != set(expected):",
                "if not going and expected:",
            ),
        ),
        (f"{CHANGES}::test_fewer_places_ask_the_last_who_came_and_nobody_unseen",),
    ),
)
