"""Sabotages of marks: how a day follows from them, what devices may send, closing a day, corrections, paper."""

from __future__ import annotations

from tests.sabotage.kinds import BOTH, POSTGRESQL, Edit, Sabotage

DAYS = "booking/registers/child_days.py"
SYNC = "booking/registers/sync.py"
DOOR = "booking/registers/door.py"
CLOSING = "booking/registers/closing.py"
CORRECTIONS = "booking/registers/mark_corrections.py"
MARKS = "booking/registers/marks.py"
MIGRATION = "booking/migrations/versions/0027_add_mark_events.py"
OF_DAYS = "tests/registers/test_child_days.py"
OF_SYNC = "tests/registers/test_sync.py"
OF_DOOR = "tests/registers/test_door_data.py"
OF_RACES = "tests/registers/test_mark_races.py"
OF_PAPER = "tests/registers/test_typing_in.py"
OF_CLOSING = "tests/office/test_attendance.py"
OF_DISPUTES = "tests/registers/test_disagreements.py"

DERIVING = (
    Sabotage(
        "each in begins a stay of its own",
        (Edit(DAYS, "        if self.day.is_in == mark.session_id:\n            return\n", ""),),
        (f"{OF_DAYS}::test_of_two_ins_the_earliest_counts",),
    ),
    Sabotage(
        "who comes into care stays in the club",
        (
            Edit(
                DAYS,
                "            self._close(at, None, moved_to=mark.session_id)",
                "            assert at",
            ),
        ),
        (f"{OF_DAYS}::test_no_marks_put_a_child_in_two_places_or_in_one_that_nobody_marked",),
    ),
    Sabotage(
        "what was taken back still counts",
        (Edit(DAYS, " and mark.uid not in undone", ""),),
        (f"{OF_DAYS}::test_a_mark_is_undone_even_by_one_that_came_before_it",),
    ),
    Sabotage(
        "at one moment the id decides between in and out",
        (Edit(DAYS, "(times[one.uid], one.what in INS, one.uid)", "(times[one.uid], one.uid)"),),
        (f"{OF_DAYS}::test_out_beats_in_only_when_it_is_later",),
    ),
    Sabotage(
        "the order of arrival decides",
        (
            Edit(
                DAYS,
                "sorted(standing, key=lambda one: (times[one.uid], one.what in INS, one.uid))",
                "standing",
            ),
        ),
        (f"{OF_DAYS}::test_the_day_is_the_same_whatever_the_order_and_however_often",),
    ),
    Sabotage(
        "a clock that jumps turns a device's marks round",
        (
            Edit(
                DAYS,
                "times[mark.uid] = min(times[mark.uid], times[later.uid] - ONE_STEP)",
                "times[mark.uid] = max(times[mark.uid], mark.at)",
            ),
        ),
        (f"{OF_DAYS}::test_a_device_keeps_the_order_in_which_it_marked_whatever_its_clock_did",),
    ),
    Sabotage(
        "nobody is asked when two devices disagree",
        (Edit(DAYS, "<= TOO_CLOSE", "< TOO_CLOSE * 0"),),
        (f"{OF_DAYS}::test_where_two_devices_disagree_a_person_is_asked",),
    ),
)

SENDING = (
    Sabotage(
        "a device's clock is believed",
        (Edit(SYNC, "at = device_at - error if abs(error) > NETWORK else device_at", "at = device_at"),),
        (f"{OF_SYNC}::test_a_clock_that_is_wrong_is_put_right_by_what_it_says_at_sending",),
    ),
    Sabotage(
        "a mark happens after the server has it",
        (
            Edit(SYNC, "    return min(at, received_at)", "    return at"),
            Edit(SYNC, "return min(max(at, first), last, received_at)", "return min(max(at, first), last)"),
        ),
        (f"{OF_SYNC}::test_no_mark_happens_after_the_server_has_it_or_on_another_day",),
    ),
    Sabotage(
        "a mark that is sent again is kept again",
        (Edit(MIGRATION, '        batch.create_unique_constraint(op.f("uq_mark_uid"), ["uid"])\n', ""),),
        (f"{OF_SYNC}::test_what_a_device_sends_is_kept_once_and_sending_again_answers_the_same",),
        BOTH,
    ),
    Sabotage(
        "a leader marks in anybody's session",
        (
            Edit(
                SYNC,
                "for session in sessions_for(user, day)}",
                "for session in db.session.scalars(select(Session).where(Session.date == day)) if user}",
            ),
        ),
        (f"{OF_SYNC}::test_nonsense_and_what_one_may_not_see_is_refused_and_the_rest_is_kept",),
    ),
    Sabotage(
        "a mark of another child is taken back",
        (
            Edit(
                SYNC,
                "if one.undoes and targets.get(one.undoes, one.pupil_id) != one.pupil_id:",
                "if one.undoes and not targets:",
            ),
        ),
        (f"{OF_SYNC}::test_nonsense_and_what_one_may_not_see_is_refused_and_the_rest_is_kept",),
    ),
    Sabotage(
        "a mark may be changed",
        (Edit(MIGRATION, "    _keep_marks()\n    _add_days()", "    _add_days()"),),
        (f"{OF_SYNC}::test_the_database_refuses_to_change_a_mark",),
        BOTH,
    ),
    Sabotage(
        "surnames are kept at the door",
        (Edit(DOOR, '"initial": pupil.surname[:1].upper()', '"initial": pupil.surname'),),
        (f"{OF_DOOR}::test_the_door_holds_the_least_that_it_needs",),
    ),
    Sabotage(
        "a restriction does not stop a release at the door",
        (Edit(DOOR, "set(restrictions_of(ids, day)) | set(", "set("),),
        (f"{OF_DOOR}::test_a_restriction_learnt_at_sync_raises_its_alarm",),
    ),
    Sabotage(
        "a child goes with a restricted adult and nobody is told",
        (Edit("booking/registers/alarms.py", "if is_named(one, mark):", "if mark.what == one.kind:"),),
        (f"{OF_DOOR}::test_a_restriction_learnt_at_sync_raises_its_alarm",),
    ),
    Sabotage(
        "a message that comes twice at once is looked at twice",
        (Edit(SYNC, "    lock_rows((Pupil, {one.pupil_id for one in sound}))\n", "    lock_rows()\n"),),
        (f"{OF_RACES}::test_a_message_that_arrives_many_times_at_one_moment_is_kept_once",),
        POSTGRESQL,
    ),
    Sabotage(
        "two people let a child go at one moment",
        (Edit(MARKS, "    lock_rows((Pupil, {mark.pupil_id for mark in marks}))\n", "    lock_rows()\n"),),
        (f"{OF_RACES}::test_of_several_who_let_a_child_go_on_pages_at_one_moment_one_does",),
        POSTGRESQL,
    ),
)

CLOSED = (
    Sabotage(
        "a day is closed over an open question",
        (
            Edit(
                CLOSING,
                "if user_id is not None and found.questions:",
                "if user_id is None and found.questions < 0:",
            ),
        ),
        (f"{OF_CLOSING}::test_a_day_with_a_question_is_closed_by_nobody_but_the_rule",),
    ),
    Sabotage(
        "a day is closed twice, and its no-shows counted twice",
        (Edit(CLOSING, "if done.first() is None:", "if done is None:"),),
        (f"{OF_CLOSING}::test_who_never_came_and_of_whom_nobody_told_is_a_fact",),
    ),
    Sabotage(
        "who told that they are away is a no-show",
        (
            Edit(
                CLOSING,
                "and not why_not_expected(notes.get(row.pupil_id, ()), row.session_id, row.starts_at)",
                "and (why_not_expected is not None or notes)",
            ),
        ),
        (f"{OF_CLOSING}::test_who_never_came_and_of_whom_nobody_told_is_a_fact",),
    ),
    Sabotage(
        "one person marks on a closed day",
        (
            Edit(
                MARKS,
                "    if closed_among({session.date for session in days.values()}):",
                "    if closed_among(set()):",
            ),
        ),
        (f"{OF_CLOSING}::test_after_closing_nobody_marks_alone_but_what_a_device_brings_is_kept",),
    ),
    Sabotage(
        "the one who asked for a correction says yes too",
        (Edit(CORRECTIONS, "if not by.approves or by.id == found.asked_by_id:", "if not by.approves:"),),
        (f"{OF_CLOSING}::test_not_even_one_who_may_approve_confirms_what_they_asked",),
    ),
    Sabotage(
        "whoever works in the office corrects a register",
        (
            Edit(
                CORRECTIONS,
                "if not by.approves or by.id == found.asked_by_id:",
                "if by.id == found.asked_by_id:",
            ),
        ),
        (f"{OF_CLOSING}::test_a_correction_takes_two_people_and_stands_beside_what_was",),
    ),
    Sabotage(
        "somebody corrects the register of their own child",
        (
            Edit(
                CORRECTIONS,
                "if db.session.execute(own).first() is not None:",
                "if db.session.execute(own) is None:",
            ),
        ),
        (f"{OF_CLOSING}::test_nobody_decides_about_their_own_child",),
    ),
    Sabotage(
        "two second people answer one correction",
        (Edit(CORRECTIONS, "    lock_rows((Pupil, [found.pupil_id]))\n", "    lock_rows()\n"),),
        (f"{OF_RACES}::test_of_several_second_people_at_one_moment_one_decides",),
        POSTGRESQL,
    ),
    Sabotage(
        "a paper sheet that is sent twice is kept twice",
        (
            Edit(
                "booking/registers/typing_in.py",
                'uid = str(uuid.uuid5(uuid.UUID(sheet), f"{session.id} {row.pupil_id} {what} {at.isoformat()}"))',
                "uid = str(uuid.uuid4())",
            ),
        ),
        (f"{OF_PAPER}::test_times_for_all_children_are_kept_at_once_and_once",),
    ),
    Sabotage(
        "anybody decides what two devices disagree about",
        (
            Edit(
                "booking/registers/disagreements.py",
                "if not {one.first.session_id, one.second.session_id} <= ids:",
                "if not one.first.session_id:",
            ),
        ),
        (f"{OF_DISPUTES}::test_nobody_decides_about_sessions_that_they_do_not_see",),
    ),
)

JOINED = (
    Sabotage(
        "an outside firm's people reach the school's own door",
        (
            Edit(
                "booking/web/audience.py",
                "            if no_firms and current_user.seller_id is not None:\n                abort(404)\n",
                "",
            ),
        ),
        ("tests/registers/test_firms_stay_out.py",),
    ),
    Sabotage(
        "registers close before a demo's past is written",
        (Edit("booking/worker.py", 'not is_under_way("demo_history") and ', ""),),
        ("tests/office/test_attendance.py::test_the_past_of_a_demo_is_written_before_its_days_are_closed",),
    ),
    Sabotage(
        "what charges a family for nothing is not looked at",
        (Edit("booking/ledger/balances.py", " + _unknown_debts()", ""),),
        ("tests/office/test_checks.py",),
    ),
    Sabotage(
        "a register under a legal hold goes with the rest",
        (Edit("booking/office/register_keeping.py", " if row.pupil_id not in held]", "]"),),
        ("tests/office/test_register_keeping.py",),
    ),
)

MARKING = (*DERIVING, *SENDING, *CLOSED, *JOINED)
