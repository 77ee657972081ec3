"""Sabotages of paper: who may read which sheet, where it may be sent, that it is sent once, and that it is noted."""

from __future__ import annotations

from tests.sabotage.kinds import Edit, Sabotage

PRINTERS = "booking/messages/printers.py"
SENDING = "booking/registers/sending.py"
GOING_HOME = "booking/registers/going_home.py"
BY_IPP = "tests/messages/test_printers.py"
SENT = "tests/registers/test_sending.py"
TROUBLE = "tests/registers/test_unprinted.py"
SHEETS = "tests/registers/test_paper.py"
HOME = "tests/registers/test_going_home.py"
PAGES = "tests/registers/test_paper_pages.py"

PRINTING = (
    Sabotage(
        "a sheet leaves the school's own network",
        (Edit(PRINTERS, "if not addresses or not all(map(_is_own, addresses)):", "if not addresses:"),),
        (f"{BY_IPP}::test_a_name_with_one_address_outside_is_outside",),
    ),
    Sabotage(
        "one address of a name that is our own is enough",
        (Edit(PRINTERS, "not all(map(_is_own, addresses))", "not any(map(_is_own, addresses))"),),
        (f"{BY_IPP}::test_a_name_with_one_address_outside_is_outside",),
    ),
    Sabotage(
        "another printer at the same address gets the sheet",
        (
            Edit(
                PRINTERS,
                "if device.certificate and certificate != device.certificate:",
                "if device.certificate and not certificate:",
            ),
        ),
        (f"{BY_IPP}::test_a_printer_with_another_certificate_gets_no_sheet",),
    ),
    Sabotage(
        "nobody asks the printer what it has before a sheet is sent again",
        (Edit(SENDING, "number = find_job(device, key) if is_repeat else None", "number = None"),),
        (f"{TROUBLE}::test_a_worker_that_falls_after_the_printer_took_it_prints_nothing_twice",),
    ),
    Sabotage(
        "a claim on a sheet holds nobody off",
        (Edit(SENDING, "row.next_try_at = at + CLAIM_LASTS", "row.next_try_at = at"),),
        (f"{TROUBLE}::test_a_claim_that_a_dead_worker_left_runs_out",),
    ),
    Sabotage(
        "a sheet is sent and nobody notes whose care is on it",
        (
            Edit(
                SENDING,
                'note_paper(paper, at=at, user_id=row.asked_by_id, reason="sent to the printer")',
                "_ = paper",
            ),
        ),
        (f"{SENT}::test_each_session_is_printed_once_fifteen_minutes_before_and_noted",),
    ),
    Sabotage(
        "a sheet comes out when its session is over",
        (Edit(SENDING, "SentSheet.until_at <= at\n", "SentSheet.until_at <= at - 99 * IS_LATE\n"),),
        (f"{TROUBLE}::test_what_comes_too_late_is_not_printed_any_more",),
    ),
    Sabotage(
        "nobody is told of a sheet that is not there",
        (
            Edit(
                SENDING,
                'SentSheet.state.in_(("waiting", "accepted")) & (SentSheet.due_at <= at - IS_LATE)',
                'SentSheet.state == "failed"',
            ),
        ),
        (f"{PAGES}::test_the_office_sees_on_its_first_page_what_is_not_printed",),
    ),
    Sabotage(
        "an outside provider's people print the school's sheets",
        (
            Edit(
                "booking/registers/paper_kinds.py",
                "mine = of_school if user.seller_id is None else PROVIDER",
                "mine = of_school",
            ),
        ),
        (f"{PAGES}::test_an_outside_providers_people_get_its_register_whatever_they_ask_for",),
    ),
    Sabotage(
        "a kind of sheet is printed for whoever types its name",
        (
            Edit(
                "booking/registers/paper_views.py",
                "kinds = tuple(kind for kind in asked if kind in allowed)",
                "kinds = tuple(asked)",
            ),
        ),
        (f"{PAGES}::test_staff_print_their_own_sessions_and_neither_contacts_nor_going_home",),
    ),
    Sabotage(
        "a provider reads who must not collect",
        (Edit("booking/registers/sheets.py", '"barred": [],', '"barred": _told(entry.do_not_release_to),'),),
        (f"{SHEETS}::test_a_barred_adult_is_on_no_sheet_of_a_class_and_the_child_is_checked",),
    ),
    Sabotage(
        "a barred adult's number stands on the emergency sheet",
        (
            Edit(
                "booking/registers/contact_sheet.py",
                "if not _is_closed(closed, 0, one.name, one.email, one.given_by_id):",
                "if closed is not None:",
            ),
        ),
        (f"{SHEETS}::test_a_barred_adult_is_on_no_sheet_of_a_class_and_the_child_is_checked",),
    ),
    Sabotage(
        "the kitchen reads every name",
        (
            Edit(
                "booking/registers/kitchen_sheet.py",
                "allergic = [one for one in children if one.alerts]",
                "allergic = children",
            ),
        ),
        (f"{SHEETS}::test_the_kitchen_counts_diets_and_names_a_child_beside_an_allergy_alone",),
    ),
    Sabotage(
        "a roll call seeks a child in two rooms",
        (Edit("booking/registers/custody_sheets.py", "gone_or_in.add(child.pupil.id)", "_ = gone_or_in"),),
        (f"{SHEETS}::test_the_roll_is_called_by_room_and_says_who_should_be_there_too_each_child_once",),
    ),
    Sabotage(
        "a child who is away stays on the going-home sheet",
        (
            Edit(
                GOING_HOME,
                "here = [child for child in children if not child.is_away]",
                "here = list(children)",
            ),
        ),
        (f"{HOME}::test_who_is_away_is_off_the_list_and_named_below_it",),
    ),
    Sabotage(
        "a late change looks like all the rest",
        (Edit(GOING_HOME, 'how = "strong" if child.changes else ""', 'how = ""'),),
        (f"{HOME}::test_what_changed_since_one_is_in_bold_with_the_word_and_what_changed_before_is_not",),
    ),
)
