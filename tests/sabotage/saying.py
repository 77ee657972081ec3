"""Sabotages of who is in school today: barred names, whose words they are, lists, and places that are given on."""

from __future__ import annotations

from tests.sabotage.kinds import POSTGRESQL, Edit, Sabotage

NOTES = "tests/bookings/test_day_notes.py"
BARRED = "tests/bookings/test_barred_names.py"
GIVING = "tests/bookings/test_giving_on.py"
LISTS = "tests/office/test_absences.py"
SCHOOL_DAY = "tests/office/test_school_day.py"
DAY_NOTES = "booking/bookings/day_notes.py"
TELLING = "booking/bookings/telling.py"
GIVING_ON = "booking/bookings/giving_on.py"
PLAN = "booking/office/absence_plan.py"
OFFICE_DAY = "booking/office/absence_day.py"

SAYING = (
    Sabotage(
        "a barred name reaches the door",
        (Edit(DAY_NOTES, "        if note.id not in withheld:\n", "        if True:\n"),),
        (f"{BARRED}::test_a_barred_name_gets_the_same_answer_and_never_reaches_the_door",),
    ),
    Sabotage(
        "initial and surname of a barred adult pass",
        (
            Edit(
                "booking/bookings/barred_names.py",
                "    return surname in said and any(part[0] == first[0] for part in said - {surname})",
                "    return False",
            ),
        ),
        (f"{BARRED}::test_a_name_may_mean_the_barred_adult",),
    ),
    Sabotage(
        "the office clears the whole name of a barred adult",
        (
            Edit(DAY_NOTES, "        return is_named(note.words, restriction)\n", "        return False\n"),
            Edit(
                OFFICE_DAY,
                '    if note.kind != "collected_by" or _is_whole(note):',
                '    if note.kind != "collected_by":',
            ),
        ),
        (f"{BARRED}::test_the_office_clears_a_likely_name_but_never_the_whole_one",),
    ),
    Sabotage(
        "one parent reads what the other said",
        (
            Edit(
                TELLING,
                "                    DayNote.told_by_id.in_(_members(account_id)),\n",
                "                    DayNote.told_by_id.is_not(None),\n",
            ),
        ),
        (f"{NOTES}::test_what_one_parent_says_is_not_shown_to_the_other",),
    ),
    Sabotage(
        "a family speaks of a session that it has not",
        (Edit(TELLING, "(session_id is not None and session_id not in coming)", "False"),),
        (f"{NOTES}::test_nobody_speaks_for_another_familys_child_or_a_session_that_it_has_not",),
    ),
    Sabotage(
        "a family takes back another's words",
        (Edit(TELLING, "        or note.told_by_id not in _members(account_id)\n", ""),),
        (f"{NOTES}::test_nobody_speaks_for_another_familys_child_or_a_session_that_it_has_not",),
    ),
    Sabotage(
        "who is away is waited for",
        (
            Edit(
                "booking/registers/expected.py",
                'return self.state.state == "expected" and not self.away',
                'return self.state.state == "expected"',
            ),
        ),
        (f"{NOTES}::test_not_in_school_raises_no_alarm_and_stands_on_the_register",),
    ),
    Sabotage(
        "places are given on before the hour",
        (Edit(GIVING_ON, "frees_at is None or _wall(at) < frees_at", "frees_at is None"),),
        (f"{GIVING}::test_from_the_set_hour_the_place_goes_to_who_waits",),
    ),
    Sabotage(
        "more places are let go than children wait",
        (Edit(GIVING_ON, " and wanted[row.session_id] > 0", ""),),
        (
            f"{GIVING}::test_only_as_many_places_go_as_children_wait",
            f"{GIVING}::test_two_workers_let_go_no_more_than_one",
        ),
    ),
    Sabotage(
        "a child who is away is offered a place of today",
        (Edit("booking/bookings/offers.py", "if pair in situation.away or ", "if "),),
        (f"{GIVING}::test_a_child_who_waits_and_is_away_too_is_offered_nothing",),
    ),
    Sabotage(
        "what changed before the locks is not looked at again",
        (Edit(GIVING_ON, "    for row in _to_give(at):\n", "    for row in rows:\n"),),
        (f"{GIVING}::test_what_is_taken_back_at_that_very_moment_keeps_the_place",),
        POSTGRESQL,
    ),
    Sabotage(
        "the place of a child who came after all is given on",
        (Edit(GIVING_ON, "waits.exists(), ~came.exists()", "waits.exists()"),),
        (f"{GIVING}::test_a_child_who_came_after_all_keeps_the_place",),
    ),
    Sabotage(
        "a list stays open once the session has begun",
        (Edit(GIVING_ON, "or at >= begins or", "or"),),
        (f"{GIVING}::test_a_list_never_opens_again_once_it_is_over",),
    ),
    Sabotage(
        "a list of absences is entered although it changed since the look",
        (Edit(PLAN, "    if now.digest != seen or now.asked:", "    if now.asked:"),),
        (f"{LISTS}::test_a_change_between_look_and_locks_is_refused",),
    ),
    Sabotage(
        "an earlier list is taken back from under a later one",
        (Edit(PLAN, "    if not lists or lists[0].id != list_id:", "    if not lists:"),),
        (f"{LISTS}::test_a_second_list_is_a_difference_and_is_taken_back_whole",),
    ),
    Sabotage(
        "a child of another UPN is taken for this one",
        (
            Edit(
                "booking/office/absence_matching.py",
                "        like = [pupil for pupil in like if pupil.upn is None]\n",
                "        like = [pupil for pupil in like if pupil]\n",
            ),
        ),
        (f"{LISTS}::test_a_child_with_another_upn_is_not_meant",),
    ),
    Sabotage(
        "the office names a barred adult as collecting",
        (
            Edit(
                OFFICE_DAY,
                "        if _names_barred(words, pupil_id, day):",
                "        if False:",
            ),
        ),
        (f"{SCHOOL_DAY}::test_the_office_cannot_name_a_barred_adult_either",),
    ),
)
