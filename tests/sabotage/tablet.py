"""Sabotages of the tablet at the door: what it keeps, what it lets go, what it sends, and what stops a release."""

from __future__ import annotations

from tests.sabotage.kinds import Edit, Sabotage

STORE = "static/js/door/store.js"
STATES = "static/js/door/states.js"
SYNC = "static/js/door/sync.js"
ASKING = "static/js/door/asking.js"
MODULES = "tests/e2e/test_door_modules.py"
TABLET = "tests/e2e/test_tablet.py"
PAGE = "tests/registers/test_door_page.py"
SHOWN = "tests/e2e/test_door_states.py"
PRESSED = f"{SHOWN}::test_whatever_is_pressed_the_tablet_shows_what_the_server_will_say"
NO_ANSWER = f"{MODULES}::test_what_is_no_answer_leaves_every_mark_where_it_is"
AT_SYNC = f"{TABLET}::test_a_restriction_learnt_at_sync_raises_its_alarm_and_stops_the_next_release"
SIGN_OUT = f"{TABLET}::test_signing_out_waits_for_the_last_mark_and_takes_the_list_away"
FORGETS = 'const forgetMarks = () => act(["outbox"], "readwrite", (outbox) => outbox.clear());\n'

KEEPING = (
    Sabotage(
        "a mark is let go before the server has it",
        (Edit(STORE, "if (mark && (mark.sent || mark.refused)) outbox", "if (mark) outbox"),),
        (f"{MODULES}::test_a_mark_is_let_go_only_after_the_server_said_that_it_has_it",),
    ),
    Sabotage(
        "the end of the shift takes the waiting marks with it",
        (
            Edit(
                STORE,
                "export function forgetDay(now = Infinity) {",
                f"{FORGETS}export function forgetDay(now = Infinity) {{",
            ),
            Edit(
                STORE,
                "    keys.clear();\n    sealed.clear();\n",
                "    keys.clear();\n    sealed.clear();\n    forgetMarks();\n",
            ),
        ),
        (f"{MODULES}::test_the_list_goes_with_its_key_at_the_end_of_the_shift_and_no_mark_with_it",),
    ),
    Sabotage(
        "the list of the day outlives the shift",
        (Edit(STORE, "!shift || !kept || now >= shift.endsAt", "!shift || !kept"),),
        (f"{MODULES}::test_the_list_goes_with_its_key_at_the_end_of_the_shift_and_no_mark_with_it",),
    ),
    Sabotage(
        "the key of the list can be read out",
        (Edit(STORE, '{ name: "AES-GCM", length: 256 }, false', '{ name: "AES-GCM", length: 256 }, true'),),
        (f"{MODULES}::test_neither_key_can_be_read_out_and_no_private_word_stands_in_the_open",),
    ),
    Sabotage(
        "who collected stands in the open until it is sent",
        (Edit(STORE, "const whole = { ...mark, sequence", "const whole = { ...mark, detail, sequence"),),
        (f"{MODULES}::test_neither_key_can_be_read_out_and_no_private_word_stands_in_the_open",),
    ),
)

SENDING = (
    Sabotage(
        "a school's filter counts as the server's word that nobody is signed in",
        (
            Edit(SYNC, "found.status >= 500 || found.status === 403", "found.status >= 500"),
            Edit(SYNC, "found.status === 401)", "found.status === 401 || found.status === 403)"),
        ),
        (NO_ANSWER,),
    ),
    Sabotage(
        "an error of the server is taken for an answer",
        (Edit(SYNC, "if (found.status >= 500 || found.status === 403)", "if (found.status === 403)"),),
        (NO_ANSWER,),
    ),
    Sabotage(
        "one mark that nobody understands keeps all the others",
        (Edit(SYNC, "if (size === 1) stuck += 1;", "stuck += size;"),),
        (f"{MODULES}::test_a_mark_that_the_server_does_not_understand_keeps_no_other_one",),
    ),
    Sabotage(
        "a stale token is sent again and again",
        (Edit(SYNC, '      token = "";\n      if (isLast', "      if (isLast"),),
        (f"{MODULES}::test_an_old_token_is_changed_for_a_fresh_one",),
    ),
    Sabotage(
        "a page that asks by itself counts as a touch",
        (Edit(SYNC, "if (Date.now() - touchedAt() > NO_TOUCH_AFTER) headers", "if (false) headers"),),
        (f"{MODULES}::test_a_page_that_asks_by_itself_says_that_nobody_touched_it",),
    ),
    Sabotage(
        "what a page asks by itself keeps a tablet open for ever",
        (
            Edit(
                "booking/people/sign_in_browser.py",
                ' and "X-Untouched" not in request.headers:',
                ":",
            ),
        ),
        ("tests/people/test_devices.py::test_what_a_page_asks_by_itself_keeps_no_tablet_open",),
    ),
)

SHOWING = (
    Sabotage(
        "the tablet shows a child in two sessions at once",
        (
            Edit(
                STATES,
                "other.id !== mark.session_id && states.get(there)?.state",
                "false && states.get(there)?.state",
            ),
        ),
        (PRESSED,),
    ),
    Sabotage(
        "a mark that was taken back goes on counting on the tablet",
        (Edit(STATES, 'mark.what === "undone" || taken.has(mark.uid)', 'mark.what === "undone"'),),
        (PRESSED,),
    ),
    Sabotage(
        "an old mark of this tablet hides what another one did later",
        (
            Edit(
                STATES,
                "if (told && !told.waits && wallTime(told.out || told.in) > wallTime(mark.at)) return;",
                "",
            ),
        ),
        (f"{SHOWN}::test_marks_that_wait_are_laid_over_what_the_server_told_but_not_over_what_came_later",),
    ),
)

STOPPING = (
    Sabotage(
        "a child who has to be checked is released without a look at the leader's sheet",
        (Edit(ASKING, "if (child.check) halt", "if (false) halt"),),
        (AT_SYNC,),
    ),
    Sabotage(
        "an alarm that came back with the marks is not raised",
        (Edit("static/js/door.js", "    if (found.length) raise(found);\n", ""),),
        (AT_SYNC,),
    ),
    Sabotage(
        "an alarm is waved away unread",
        (Edit(ASKING, '  dialog.addEventListener("close", next);\n', ""),),
        (AT_SYNC,),
    ),
    Sabotage(
        "signing out does not wait for the last mark",
        (
            Edit(
                "static/js/sign_out.js",
                "    if (await waiting()) {\n      say",
                "    if (false) {\n      say",
            ),
        ),
        (SIGN_OUT,),
    ),
    Sabotage(
        "the list stays on the tablet of somebody who signed out",
        (Edit("static/js/sign_out.js", "    await forgetDay();\n", ""),),
        (SIGN_OUT,),
    ),
    Sabotage(
        "the page for the time without a network holds a token of somebody",
        (
            Edit(
                "templates/registers/door.html",
                "{% if is_shell %} data-shell{% else %} data-token",
                "{% if is_shell %} data-shell{% endif %}{% if true %} data-token",
            ),
        ),
        (f"{PAGE}::test_the_page_for_the_time_without_a_network_is_nobodys",),
    ),
    Sabotage(
        "the worker leaves out a part of the page",
        (Edit("booking/registers/door_views.py", '    "js/door/rows.js",\n', ""),),
        (f"{PAGE}::test_the_worker_keeps_every_part_that_either_page_loads",),
    ),
)

TABLETS = (*KEEPING, *SENDING, *SHOWING, *STOPPING)
