"""Sabotages at the door: who takes a child home, when it goes alone, what a walk-in costs, who sees the password."""

from __future__ import annotations

from tests.sabotage.kinds import Edit, Sabotage

RELEASE, COLLECTORS = "booking/registers/release.py", "booking/registers/collectors.py"
ALONE, PRESSING = "booking/people/going_alone.py", "booking/registers/pressing.py"
CHILD, WALK_INS = "booking/registers/child_views.py", "booking/registers/walk_in_charges.py"
TESTS, PAGE = "tests/registers/test_release.py", "tests/registers/test_register_page.py"
CHARGES = "tests/registers/test_walk_in_charges.py"


def _one(name: str, path: str, old: str, new: str, test: str) -> Sabotage:
    """A guard in one place that one test watches."""
    return Sabotage(name, (Edit(path, old, new),), (test,))


RELEASING = (
    _one(
        "a barred adult's name is typed at the door and the child goes",
        RELEASE,
        'if is_barred(TITLES.sub(" ", words), one):',
        "if one.id is None:",
        f"{TESTS}::test_a_barred_adult_takes_nobody_home_whatever_was_rung",
    ),
    _one(
        "a title hides a barred adult",
        RELEASE,
        'is_barred(TITLES.sub(" ", words), one)',
        "is_barred(words, one)",
        f"{TESTS}::test_a_barred_adult_takes_nobody_home_whatever_was_rung",
    ),
    _one(
        "a barred adult stands on the list of who may collect",
        COLLECTORS,
        "one.is_about(row.id, row.name, row.email) or is_named(row.name, one)",
        "is_named(row.name + str(row.id), one)",
        f"{TESTS}::test_neither_a_barred_adult_nor_whom_that_adult_named_may_collect",
    ),
    _one(
        "a contact with a barred adult's whole name may collect",
        COLLECTORS,
        " or is_named(row.name, one)",
        "",
        f"{TESTS}::test_a_contact_with_the_whole_name_of_a_barred_adult_is_that_adult",
    ),
    _one(
        "whom a barred adult named may collect",
        COLLECTORS,
        "if row.given_by_id is not None and any(",
        "if row.given_by_id == 0 and any(",
        f"{TESTS}::test_neither_a_barred_adult_nor_whom_that_adult_named_may_collect",
    ),
    _one(
        "a stranger takes a child without a call",
        RELEASE,
        "if not was_called:",
        "if was_called is None:",
        f"{TESTS}::test_anybody_else_takes_the_child_only_after_a_call",
    ),
    _one(
        "a first name is enough for a stranger",
        RELEASE,
        'if len(TITLES.sub(" ", words).split()) < 2:',
        "if not words:",
        f"{TESTS}::test_anybody_else_takes_the_child_only_after_a_call",
    ),
    _one(
        "a child is marked as gone alone whatever stands against it",
        RELEASE,
        'if what == "left_alone" and not ways.may_go_alone:',
        'if what == "left alone":',
        f"{TESTS}::test_alone_only_with_a_yes",
    ),
    _one(
        "a child goes alone after its latest hour",
        ALONE,
        "if latest is not None and wall.time().replace(second=0, microsecond=0) > latest:",
        "if latest is not None and wall.time() > time(23, 59):",
        f"{TESTS}::test_alone_until_the_latest_hour_and_not_a_minute_more",
    ),
    _one(
        "a child goes alone on any weekday",
        ALONE,
        "if wall.weekday() not in weekdays_of(consent):",
        "if wall.weekday() > 6:",
        f"{TESTS}::test_alone_on_the_days_that_were_agreed",
    ),
    _one(
        "a yes of last school year still holds",
        ALONE,
        "if not is_of_year(consent, wall.date()):",
        "if wall.year < 2000:",
        f"{TESTS}::test_a_yes_of_last_school_year_has_to_be_given_again",
    ),
    _one(
        "a yes that was taken back still holds",
        ALONE,
        ", Consent.withdrawn_at.is_(None))",
        ")",
        f"{TESTS}::test_a_yes_that_was_taken_back_or_is_for_something_else_is_none",
    ),
    _one(
        "a yes holds for what was before it",
        ALONE,
        "if consent is None or consent.given_at > at:",
        "if consent is None:",
        f"{TESTS}::test_a_yes_that_is_given_later_does_not_hold_for_what_was_before",
    ),
    _one(
        "a barred adult agrees that a child goes alone",
        ALONE,
        "        if one.given_by_id is None\n",
        "        if one.given_by_id is not False\n",
        f"{TESTS}::test_a_barred_adult_agrees_to_nothing_and_another_parent_still_may",
    ),
    _one(
        "a child sets off alone although somebody comes for it today",
        RELEASE,
        "_fetched_today(today) or why_not_alone(",
        "why_not_alone(",
        f"{TESTS}::test_who_was_named_for_today_comes_first_and_the_child_does_not_set_off_alone",
    ),
    _one(
        "a child goes to a bus on which it has no seat",
        RELEASE,
        'if what == "to_bus" and not ways.bus:',
        'if what == "to the bus":',
        f"{TESTS}::test_no_bus_that_is_not_written_down",
    ),
    _one(
        "the register's buttons ask nothing before a child goes",
        PRESSING,
        "detail = check_release(pressed.pupil_id, session, pressed.what, detail, at=at)",
        "assert check_release is not None",
        f"{PAGE}::test_whom_nobody_named_is_refused_beside_the_child_and_nothing_is_marked",
    ),
    _one(
        "a child goes although nobody agreed on the telephone",
        PRESSING,
        "if not rung.agreed:",
        "if rung.agreed is None:",
        f"{PAGE}::test_without_a_yes_the_call_is_written_down_and_the_child_stays",
    ),
    _one(
        "a look at the password is noted nowhere",
        CHILD,
        'note_seen([pupil_id], [COLLECTION], reason="collection password")',
        "assert COLLECTION",
        f"{PAGE}::test_the_password_is_shown_on_tap_and_the_look_is_noted",
    ),
    _one(
        "the password of a barred adult opens the door",
        CHILD,
        "collection_words([pupil_id], barred)",
        "collection_words([pupil_id], {} if barred else barred)",
        f"{PAGE}::test_the_password_is_shown_on_tap_and_the_look_is_noted",
    ),
    _one(
        "an outside club reads the families' numbers",
        CHILD,
        " or current_user.seller_id is not None:",
        ":",
        f"{PAGE}::test_numbers_to_ring_are_for_who_leads_and_only_on_the_day",
    ),
    _one(
        "numbers can be read on any day",
        CHILD,
        "if session.date != clock.today() or ",
        "if ",
        f"{PAGE}::test_numbers_to_ring_are_for_who_leads_and_only_on_the_day",
    ),
    _one(
        "walk-ins are charged where the school has no rule",
        WALK_INS,
        "if terms_on(day).walk_ins_pay}",
        "if terms_on(day)}",
        f"{CHARGES}::test_nothing_is_charged",
    ),
    _one(
        "a walk-in that was taken back stays charged",
        WALK_INS,
        "return key not in came and _take_back(row, at=at)",
        "return False",
        f"{CHARGES}::test_a_corrected_mark_takes_the_place_back_with_all_of_its_price",
    ),
    _one(
        "a walk-in takes a place beyond the number and nobody is named for it",
        WALK_INS,
        "if situation.left(session_id) <= 0:",
        "if situation.left(session_id) < -99:",
        f"{CHARGES}::test_beyond_the_places_it_is_allowed_by_name_and_stays_within_the_rules",
    ),
    _one(
        "a walk-in is charged beside a place at the same hour",
        WALK_INS,
        "if situation.clash_of(pupil_id, session_id, account_id) is not None:",
        "if situation is None:",
        f"{CHARGES}::test_a_place_elsewhere_at_that_hour_is_for_the_office",
    ),
    _one(
        "a walk-in is charged to an account that a restriction closes",
        WALK_INS,
        "if (account_id, pupil_id) not in closed}",
        "if closed is not None}",
        f"{CHARGES}::test_an_account_that_a_restriction_closes_is_never_charged",
    ),
    Sabotage(
        "two workers charge one walk-in at once",
        (
            Edit(
                WALK_INS,
                "    lock_rows((Pupil, [pupil_id]), (Session, [session_id]), "
                "(FamilyAccount, accounts), (Pot, pots))\n",
                "    assert lock_rows and pots is not None\n",
            ),
        ),
        (f"{CHARGES}::test_two_workers_at_once_charge_once",),
        ("postgresql",),
    ),
)
