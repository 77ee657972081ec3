"""Sabotages of staff and rotas: adults who do not count, first aid that is not there, firms that see too much."""

from __future__ import annotations

from tests.sabotage.kinds import POSTGRESQL, Edit, Sabotage

DUTIES = "booking/provision/duties.py"
RULES = "booking/provision/staffing_rules.py"
PROBLEMS = "booking/provision/staffing_problems.py"
ROTA = "booking/provision/rota.py"
MARKS = "booking/registers/staff_marks.py"
FIRM = "booking/registers/provider_register.py"
ROTAS = "booking/office/rotas.py"
ROTA_TESTS = "tests/provision/test_rota.py"
RULE_TESTS = "tests/provision/test_staffing_rules.py"
MARK_TESTS = "tests/registers/test_staff_marks.py"
FIRM_TESTS = "tests/registers/test_provider_pages.py"
OFFICE_TESTS = "tests/office/test_staff_pages.py"
PLACES_TESTS = "tests/office/test_rota_places.py"

STAFFING = (
    Sabotage(
        "somebody without a DBS check counts",
        (Edit(DUTIES, "if not is_vetted_by_firm and (", "if is_vetted_by_firm and ("),),
        (f"{ROTA_TESTS}::test_who_does_not_count_is_named_with_the_reason",),
    ),
    Sabotage(
        "a certificate is good for ever",
        (Edit(DUTIES, "one.kind in kinds and one.expires_on >= day", "one.kind in kinds"),),
        (f"{ROTA_TESTS}::test_a_certificate_is_good_on_its_last_day_and_not_on_the_next",),
    ),
    Sabotage(
        "any first aid is first aid for children",
        (Edit(DUTIES, "holds(record, {FIRST_AID}, day)", "bool(record.certificates)"),),
        (
            f"{ROTA_TESTS}::test_first_aid_at_work_and_the_short_course_make_nobody_a_first_aider_for_children",
        ),
    ),
    Sabotage(
        "the sum of adults is rounded down",
        (Edit(RULES, "math.ceil(sum(parts, Fraction(0)))", "math.floor(sum(parts, Fraction(0)))"),),
        (f"{RULE_TESTS}::test_the_parts_of_all_year_groups_are_within_the_adults_and_not_within_one_fewer",),
    ),
    Sabotage(
        "an adult may be alone with children",
        (Edit(RULES, "return max(self.least_adults, math.ceil(", "return max(0, math.ceil("),),
        (f"{ROTA_TESTS}::test_one_adult_is_never_alone_until_the_school_says_otherwise",),
    ),
    Sabotage(
        "a rule of the school is looser than the law",
        (
            Edit(
                RULES, "if rule.per_adult.get(year, most) > most:", "if rule.per_adult.get(year, most) > 40:"
            ),
        ),
        (f"{RULE_TESTS}::test_a_rule_is_published_from_a_day_on_and_never_looser_than_the_law",),
    ),
    Sabotage(
        "a first-aider in the next room is enough where children eat",
        (Edit(PROBLEMS, "or run.activity.kind in EATS or", "or"),),
        (f"{ROTA_TESTS}::test_where_children_eat_a_first_aider_is_on_that_rota",),
    ),
    Sabotage(
        "one adult counts in two rooms at once",
        (
            Edit(
                PROBLEMS, "is_elsewhere and duty.overlaps(other)", "not is_elsewhere and duty.overlaps(other)"
            ),
        ),
        (f"{ROTA_TESTS}::test_one_adult_in_two_rooms_at_once_is_a_problem_of_both",),
    ),
    Sabotage(
        "children in one room are counted apart",
        (Edit(PROBLEMS, "return is_one_room and is_on and", "return is_one_room and not is_on and"),),
        (f"{ROTA_TESTS}::test_sessions_that_share_a_room_and_an_adult_are_looked_at_together",),
    ),
    Sabotage(
        "whoever is away for the day counts",
        (Edit(ROTA, "is_away = change is not None and not change.is_here", "is_away = False"),),
        (f"{ROTA_TESTS}::test_a_day_is_changed_without_touching_the_standing_rota",),
    ),
    Sabotage(
        "who is on the rota counts without having come",
        (
            Edit(
                "booking/registers/live_staffing.py",
                "[one for one in duty.people if one.staff_id in here]",
                "list(duty.people)",
            ),
        ),
        (
            f"{MARK_TESTS}::test_the_live_ratio_is_of_children_who_are_in_and_adults_who_said_that_they_are_here",
        ),
    ),
    Sabotage(
        "staff mark colleagues in who can do it themselves",
        (Edit("booking/registers/staff_day.py", "StaffRecord.user_id.is_(None)))", "StaffRecord.id > 0))"),),
        (f"{MARK_TESTS}::test_one_marks_oneself_and_who_cannot_sign_in_and_the_office_everybody",),
    ),
    Sabotage(
        "a colleague's mark is taken back through one's own line",
        (Edit(MARKS, "mark is None or mark.staff_id != staff_id or", "mark is None or"),),
        (f"{MARK_TESTS}::test_nobody_takes_another_persons_mark_back_through_their_own_line",),
    ),
    Sabotage(
        "a mark is made for a time to come",
        (Edit(MARKS, "if happened > at or clock.today", "if clock.today"),),
        (
            f"{MARK_TESTS}::test_nobody_comes_twice_goes_before_coming_or_in_time_to_come_and_yesterday_is_over",
        ),
    ),
    Sabotage(
        "a firm opens the school's own register",
        (
            Edit(
                "booking/registers/views.py",
                "if session is None or current_user.seller_id is not None or not",
                "if session is None or not",
            ),
        ),
        (f"{FIRM_TESTS}::test_the_schools_own_registers_and_sheets_are_closed_to_a_firm",),
    ),
    Sabotage(
        "a firm opens another firm's register",
        (
            Edit(
                FIRM,
                "if found is None or not is_own or found.run.activity.seller_id != user.seller_id:",
                "if found is None:",
            ),
            Edit(FIRM, "if not may_see_session(user, found):", "if found.id < 0:"),
        ),
        (f"{FIRM_TESTS}::test_another_firm_and_the_schools_own_staff_find_nothing_there",),
    ),
    Sabotage(
        "a coach has the register of a child who is closed to them",
        (Edit(FIRM, "if not may_see_session(user, found):", "if found.id < 0:"),),
        (f"{FIRM_TESTS}::test_a_coach_with_a_restriction_to_a_child_does_not_get_that_register",),
    ),
    Sabotage(
        "a firm lets a child under a restriction go",
        (Edit(FIRM, "if child.do_not_release_to:", "if False:"),),
        (f"{FIRM_TESTS}::test_a_child_under_a_restriction_goes_to_school_staff_alone_and_nobody_is_named",),
    ),
    Sabotage(
        "a firm lets a child go with anybody",
        (Edit(FIRM, "if typed and typed == folded(", "if typed or typed == folded("),),
        (f"{FIRM_TESTS}::test_a_child_goes_with_somebody_on_its_list_whose_name_the_coach_never_saw",),
    ),
    Sabotage(
        "a firm's run opens without its papers",
        (
            Edit(
                "booking/provision/runs.py",
                "        refuse_without_documents(run.activity.seller_id, day)",
                "        assert day",
            ),
        ),
        (f"{PLACES_TESTS}::test_a_firms_run_opens_only_while_all_its_papers_are_in_date",),
    ),
    Sabotage(
        "a paper that was taken back still counts",
        (Edit("booking/provision/documents.py", "if one.taken_back_at is None]", "]"),),
        (f"{PLACES_TESTS}::test_a_paper_entered_by_mistake_is_taken_back_and_the_office_is_told",),
    ),
    Sabotage(
        "somebody of the office is given to a firm",
        (Edit(ROTAS, 'and user.role_names != {"staff"}:', "and not user.role_names:"),),
        (
            f"{OFFICE_TESTS}::test_people_of_a_firm_sign_in_for_that_firm_and_nobody_of_the_office_becomes_one",
        ),
    ),
    Sabotage(
        "a rota that shrinks takes booked places away",
        (
            Edit(
                "booking/provision/generation.py",
                "        places = max(now[session.date], use.booked - use.extra)",
                "        places = now[session.date]",
            ),
        ),
        (f"{PLACES_TESTS}::test_whoever_is_booked_keeps_the_place_when_the_rota_shrinks",),
    ),
    Sabotage(
        "places follow the rota without a lock",
        (Edit(ROTAS, "    lock_rows((Session, ids))\n", ""),),
        (
            "tests/office/test_rota_races.py::test_a_rota_that_shrinks_in_a_rush_leaves_every_family_its_place",
        ),
        POSTGRESQL,
    ),
)
