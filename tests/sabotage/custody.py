"""Sabotages of custody: no child in two places or in none unheard, both ends of a handover, and who may read what."""

from __future__ import annotations

from tests.sabotage.kinds import Edit, Sabotage

STANDS = "booking/registers/custody.py"
ALARMS = "booking/registers/custody_alarms.py"
HANDOVERS = "booking/registers/handovers.py"
VIEWS = "booking/registers/custody_views.py"
PURE = "tests/registers/test_custody.py"
PAGES = "tests/registers/test_custody_pages.py"
PASSES = "tests/registers/test_handovers.py"
PLANS = "tests/registers/test_plan.py"
SETTING = "tests/office/test_custody_steps.py"

CUSTODY = (
    Sabotage(
        "a child in two places rings for nobody",
        (Edit(STANDS, "if len(inside) > 1:", "if len(inside) > 9:"),),
        (f"{PURE}::test_a_child_in_two_places_rings_and_so_does_one_taken_out_of_a_running_club_unasked",),
    ),
    Sabotage(
        "a child is on its way for ever",
        (
            Edit(
                STANDS,
                "if at < out_at + timedelta(minutes=rules.way_minutes):",
                "if at < out_at + timedelta(minutes=600):",
            ),
        ),
        (f"{PURE}::test_on_the_way_becomes_nowhere_after_ten_minutes",),
    ),
    Sabotage(
        "whoever says late is waited for all evening",
        (Edit(STANDS, "min(collector_late, since + MOST_PATIENCE)", "collector_late"),),
        (f"{PURE}::test_who_said_that_they_come_late_is_waited_for_half_an_hour_at_the_most",),
    ),
    Sabotage(
        "an alarm that was looked into once never rings again",
        (Edit(STANDS, "settled_at is not None and settled_at >= since", "settled_at is not None"),),
        (f"{PURE}::test_what_a_person_found_ends_an_alarm_of_that_session_alone",),
    ),
    Sabotage(
        "a child for whom nobody came is talked away",
        (Edit(ALARMS, "if stand.kind == NOBODY_CAME:", "if stand is None:"),),
        (f"{PAGES}::test_nobody_came_has_its_steps_and_its_clock_and_ends_at_the_register_alone",),
    ),
    Sabotage(
        "an alarm is ended without a word",
        (Edit(ALARMS, "if len(words.strip()) < SHORTEST:", "if len(words) < 0:"),),
        (f"{PAGES}::test_a_missed_child_is_found_with_where_and_by_whom",),
    ),
    Sabotage(
        "any child is handed over, wherever it is",
        (
            Edit(
                HANDOVERS,
                'if state.state not in {"in", "out"} or (state.state == "out" and state.how != TO_ACTIVITY):',
                'if state.state == "nowhere":',
            ),
        ),
        (f"{PASSES}::test_only_children_who_are_on_that_way_are_passed_on_and_each_once",),
    ),
    Sabotage(
        "a sending that was undone still counts",
        (
            Edit(
                HANDOVERS,
                'if state.state == "in":\n            sent = None',
                'if state.state == "":\n            sent = None',
            ),
        ),
        (f"{PASSES}::test_a_sending_that_is_undone_counts_no_more",),
    ),
    Sabotage(
        "taking in is sending too",
        (
            Edit(
                HANDOVERS,
                "state.out_at is not None and state.out_at != came_at:",
                "state.out_at is not None:",
            ),
        ),
        (f"{PASSES}::test_who_is_taken_in_without_being_sent_waits_for_the_other_end",),
    ),
    Sabotage(
        "what was said of today is not heeded",
        (
            Edit(
                "booking/registers/plan.py",
                "if not why_not_expected(said, leg.session_id, leg.starts_at)",
                "if leg is not None",
            ),
        ),
        (f"{PLANS}::test_who_is_away_or_not_coming_has_no_plan_and_who_leaves_early_a_shorter_one",),
    ),
    Sabotage(
        "staff read telephone numbers while nothing rings",
        (Edit(VIEWS, "may_ring = is_office or alarm is not None", "may_ring = True"),),
        (
            f"{PAGES}::test_numbers_are_for_the_office_and_for_staff_while_an_alarm_rings_and_reading_them_is_noted",
        ),
    ),
    Sabotage(
        "a barred adult is rung",
        (
            Edit(
                "booking/registers/whom_to_ring.py",
                "any(one.is_about(user_id, name, email) for one in barred)",
                "not barred and not name",
            ),
        ),
        (f"{PAGES}::test_a_barred_adult_is_not_among_those_to_ring",),
    ),
    Sabotage(
        "the roll call names everybody to everybody",
        (
            Edit(
                "booking/registers/roll_call.py",
                "child.full_name if is_own else child.short_name",
                "child.full_name",
            ),
        ),
        (f"{PAGES}::test_roll_call_names_everybody_to_the_office_and_first_names_to_other_staff",),
    ),
    Sabotage(
        "a barred adult who works here reads the roll",
        (
            Edit(
                "booking/registers/roll_call.py",
                "if pupil_id in closed or not (is_own or sees_others):",
                "if not (is_own or sees_others):",
            ),
        ),
        (f"{PAGES}::test_a_barred_adult_who_works_here_does_not_read_that_child_on_the_roll",),
    ),
    Sabotage(
        "steps begin in the past",
        (
            Edit(
                "booking/registers/custody_rules.py",
                "if from_on < clock.today(at):",
                "if from_on.year < 2000:",
            ),
        ),
        (f"{SETTING}::test_steps_that_do_not_fit_together_are_refused",),
    ),
    Sabotage(
        "the check does not look where children were",
        (Edit("booking/registers/custody_invariants.py", "if went_at > came_at:", "if went_at is None:"),),
        (f"{PURE}::test_the_check_names_a_child_who_was_in_two_sessions_at_once",),
    ),
)
