"""Sabotages of medicine, accidents and notes: who gives, how soon, who reads, and how long it is kept."""

from __future__ import annotations

from tests.sabotage.kinds import POSTGRESQL, Edit, Sabotage

DOSES = "tests/registers/test_doses.py"
INCIDENTS = "tests/registers/test_incidents.py"
PAGES = "tests/registers/test_report_pages.py"
DOSE_PAGES = "tests/registers/test_dose_pages.py"
AGREEMENTS = "tests/people/test_medicines.py"
KEEPING = "tests/office/test_report_keeping.py"
GIVING = "booking/registers/doses.py"
READING = "booking/registers/incident_reading.py"
TELLING = "booking/registers/telling.py"

REPORTING = (
    Sabotage(
        "a dose is given within the interval",
        (Edit(GIVING, "if stops and len(dose.why.strip())", "if not stops and len(dose.why.strip())"),),
        (f"{DOSES}::test_a_second_dose_within_the_interval_is_stopped_and_nothing_is_kept",),
    ),
    Sabotage(
        "a dose that is written late does not meet the one after it",
        (
            Edit(
                GIVING,
                "    near = [one for one in given if abs(one.given_at - at) < every]",
                "    near = [one for one in given if timedelta(0) <= at - one.given_at < every]",
            ),
        ),
        (f"{DOSES}::test_a_dose_that_is_written_down_late_meets_the_one_after_it",),
    ),
    Sabotage(
        "two tablets give one dose each",
        (Edit(GIVING, "    lock_rows((Pupil, [dose.pupil_id]))\n", ""),),
        (f"{DOSES}::test_of_two_people_with_two_tablets_one_meets_the_stop",),
        POSTGRESQL,
    ),
    Sabotage(
        "the longer interval of two adults does not stand",
        (
            Edit(
                "booking/people/medicines.py",
                "every_minutes=max(one.every_minutes for one in same)",
                "every_minutes=min(one.every_minutes for one in same)",
            ),
        ),
        (f"{AGREEMENTS}::test_of_two_adults_the_stricter_stands_and_another_dose_stops",),
    ),
    Sabotage(
        "who is not known to have parental responsibility agrees to medicine",
        (
            Edit(
                "booking/people/medicines.py",
                'if tie.parental_responsibility != "yes":',
                'if tie.parental_responsibility == "no":',
            ),
        ),
        (f"{AGREEMENTS}::test_agreeing_takes_parental_responsibility_and_unknown_is_not_a_yes",),
    ),
    Sabotage(
        "medicine is given after the agreement has ended",
        (Edit(GIVING, "if not medicine.is_living(clock.today(dose.given_at)):", "if medicine.ended_at:"),),
        (f"{DOSES}::test_without_an_agreement_that_lives_today_nothing_is_given",),
    ),
    Sabotage(
        "the giver is their own second person",
        (Edit(GIVING, "    if found.given_by_id == user_id:", "    if found.given_by_id == -user_id:"),),
        (f"{DOSE_PAGES}::test_a_dose_on_a_phone_waits_for_the_second_persons_own_yes",),
    ),
    Sabotage(
        "a second person needs no PIN",
        (
            Edit(
                "booking/registers/dose_views.py",
                "if not may_try or not fits(pin, chosen.pin_hash):",
                "if not may_try:",
            ),
        ),
        (f"{DOSE_PAGES}::test_on_a_tablet_the_second_person_types_their_own_pin",),
    ),
    Sabotage(
        "anybody at the door takes a dose back",
        (
            Edit(
                GIVING,
                'if found.given_by_id != by.id and "manager" not in by.role_names:',
                "if found.given_by_id == -by.id:",
            ),
        ),
        (f"{DOSES}::test_a_dose_taken_back_counts_no_more_and_both_rows_stay",),
    ),
    Sabotage(
        "the family hears of a near miss",
        (
            Edit(
                "booking/registers/incidents.py",
                '        if told.kind == "accident":\n            tell_family',
                "        if told.kind:\n            tell_family",
            ),
        ),
        (f"{INCIDENTS}::test_a_near_miss_goes_to_the_office_alone",),
    ),
    Sabotage(
        "other staff read a near miss",
        (
            Edit(
                "booking/registers/door_access.py",
                '        if found.kind != "accident":\n            raise NotFound\n',
                "",
            ),
        ),
        (f"{PAGES}::test_a_near_miss_goes_to_the_office_and_no_other_staff",),
    ),
    Sabotage(
        "a restricted adult is written to",
        (
            Edit(
                TELLING, "        if (pupil_id, user.id) not in barred:", "        if user.id not in barred:"
            ),
        ),
        (f"{INCIDENTS}::test_a_restricted_adult_is_not_told_reads_nothing_and_gets_no_letter_that_waits",),
    ),
    Sabotage(
        "a letter that waits still goes to a restricted adult",
        (
            Edit(
                TELLING,
                "for tie in open_ties(user, clock.today())}:",
                "for tie in user.guardianships}:",
            ),
        ),
        (f"{INCIDENTS}::test_a_restricted_adult_is_not_told_reads_nothing_and_gets_no_letter_that_waits",),
    ),
    Sabotage(
        "a yes from before a correction still counts",
        (
            Edit(
                READING,
                "    return [one for one in readings if one.at >= newest]",
                "    return [*readings][: newest.year]",
            ),
        ),
        (f"{INCIDENTS}::test_a_yes_is_to_what_stood_there_and_a_correction_asks_again",),
    ),
    Sabotage(
        "what was added meanwhile is signed unread",
        (
            Edit(
                READING,
                "    if last_for_family(additions_of([incident_id]).get(incident_id, [])) != seen:",
                "    if seen < 0:",
            ),
        ),
        (f"{PAGES}::test_what_was_added_meanwhile_is_not_signed_unread",),
    ),
    Sabotage(
        "a report is about any child",
        (
            Edit(
                "booking/registers/incidents.py",
                "    if pupil is None or pupil_id not in pupils_in([session]):",
                "    if pupil is None or not pupils_in([session]):",
            ),
        ),
        (f"{INCIDENTS}::test_a_report_is_about_a_child_of_that_session",),
    ),
    Sabotage(
        "an outside provider reads other sessions' notes",
        (
            Edit(
                "booking/registers/reports_of_day.py",
                "    if not sees_all:\n",
                "    if sees_all is None:\n",
            ),
        ),
        (f"{PAGES}::test_an_outside_provider_sees_its_own_session_and_medicine_but_no_other_notes",),
    ),
    Sabotage(
        "a barred person of the office reads the list",
        (
            Edit(
                "booking/registers/incident_lists.py",
                "    found = [one for one in db.session.scalars(query) if one.pupil_id not in closed]\n",
                "    found = list(db.session.scalars(query)) if closed is not None else []\n",
            ),
        ),
        (f"{PAGES}::test_somebody_of_the_office_who_is_barred_reads_nothing_of_that_child",),
    ),
    Sabotage(
        "reports go although a legal hold stands",
        (
            Edit(
                "booking/office/report_keeping.py",
                "if pupil_id not in held and not is_young:",
                "if pupil_id not in held - {pupil_id} and not is_young:",
            ),
        ),
        (f"{KEEPING}::test_a_legal_hold_overrides_it",),
    ),
    Sabotage(
        "an erased child's reports go a year early",
        (
            Edit(
                "booking/office/report_keeping.py",
                "            .where(model.keep_until <= today)\n",
                "            .where(model.keep_until <= today + timedelta(days=366))\n",
            ),
        ),
        (f"{KEEPING}::test_an_erasure_says_what_stays_and_it_stays_to_the_exact_birthday",),
    ),
    Sabotage(
        "a report that is pressed twice is kept twice",
        (
            Edit(
                "booking/registers/incidents.py",
                "    if (known := _sent_before(Incident, once)) is not None:",
                "    if (known := _sent_before(Incident, None)) is not None:",
            ),
        ),
        (f"{PAGES}::test_a_form_that_is_pressed_twice_is_kept_once",),
    ),
)
