"""Sabotages of money that goes back, is given up or is charged: two people, never too much, and each thing once."""

from __future__ import annotations

from tests.sabotage.kinds import BOTH, POSTGRESQL, Edit, Sabotage

DECIDE = "booking/payments/decisions.py"
LATE = "booking/registers/late_charges.py"
REMIND = "booking/payments/debt_reminders.py"
YES = "tests/payments/test_second_yes.py"
BACK = "tests/payments/test_decisions.py"
CHARGES = "tests/registers/test_late_charges.py"
REMINDERS = "tests/payments/test_reminders.py"

OWING = (
    Sabotage(
        "the one who asked says yes too",
        (Edit(DECIDE, "if not by.approves or by.id == decision.asked_by_id:", "if not by.approves:"),),
        (f"{YES}::test_the_second_person_is_not_the_first_nor_the_childs_family_and_may_approve",),
    ),
    Sabotage(
        "whoever works in the office says yes",
        (
            Edit(
                DECIDE,
                "if not by.approves or by.id == decision.asked_by_id:",
                "if by.id == decision.asked_by_id:",
            ),
        ),
        (f"{YES}::test_the_second_person_is_not_the_first_nor_the_childs_family_and_may_approve",),
    ),
    Sabotage(
        "an officer gives their own family money back",
        (
            Edit(
                DECIDE,
                "if is_member or any(tie.pupil_id in children for tie in by.guardianships):",
                "if is_member and not children:",
            ),
        ),
        (f"{YES}::test_nobody_gives_their_own_family_money_back",),
    ),
    Sabotage(
        "many small refunds go past the second person",
        (Edit(DECIDE, "return before_pence + decision.amount_pence <=", "return decision.amount_pence <="),),
        (f"{YES}::test_the_limit_is_the_schools_and_small_ones_add_up",),
    ),
    Sabotage(
        "one person writes off a debt",
        (Edit(DECIDE, 'if decision.kind == "write_off":', 'if decision.kind == "":'),),
        (f"{YES}::test_a_debt_is_written_off_by_two_and_stands_again_when_it_is_paid",),
    ),
    Sabotage(
        "more goes back than the credit",
        (
            Edit(
                "booking/payments/card_credit.py",
                "min(credit_pence(account_id), own_credit_pence(_movements(account_id)))",
                "10**6",
            ),
        ),
        (f"{BACK}::test_a_family_that_owes_gets_nothing_back",),
    ),
    Sabotage(
        "the office says that scheme money paid the oldest debt",
        (
            Edit(
                "booking/payments/ageing.py",
                "min(left[payment.id], sum(",
                "min(payment.amount_pence, sum(",
            ),
        ),
        ("tests/payments/test_crossing_promises.py::test_whoever_asks_what_is_owed_hears_the_same",),
    ),
    Sabotage(
        "more goes back than the card paid",
        (
            Edit(
                "booking/payments/card_credit.py",
                "part_pence = min(left_pence, paid_pence - refunded_pence - disputed_pence(payment_id))",
                "part_pence = left_pence",
            ),
        ),
        (f"{BACK}::test_never_more_goes_back_than_the_credit_or_than_the_card_paid",),
    ),
    Sabotage(
        "a scheme's money counts as the card's own",
        (
            Edit(
                "booking/payments/card_credit.py",
                "source = OWN if tender in OWN_TENDERS else BOUND",
                "source = OWN",
            ),
        ),
        (f"{BACK}::test_what_came_in_by_a_scheme_never_goes_to_a_card",),
    ),
    Sabotage(
        "a form that is sent twice asks twice",
        (Edit(DECIDE, "if before is not None:", "if before is not None and by.id == 0:"),),
        (f"{BACK}::test_a_form_sent_twice_is_one_refund",),
    ),
    Sabotage(
        "money goes back without a lock on the family",
        (
            Edit(DECIDE, "    lock_rows((FamilyAccount, [account_id]))\n", ""),
            Edit(DECIDE, ".with_for_update()", ""),
        ),
        (BACK,),
        POSTGRESQL,
    ),
    Sabotage(
        "a late collection is charged on the day itself",
        (Edit(LATE, "for n in range(1, LOOKS_BACK.days + 1)", "for n in range(LOOKS_BACK.days + 1)"),),
        (f"{CHARGES}::test_a_child_collected_late_is_charged_the_next_day_and_once",),
    ),
    Sabotage(
        "a corrected mark leaves the charge",
        (Edit(LATE, "wanted.get(key) != _as_late(charge)", "wanted.get(key, charge) is None"),),
        (f"{CHARGES}::test_a_corrected_mark_takes_the_charge_back_and_makes_another",),
    ),
    Sabotage(
        "what was waived is charged again",
        (Edit(LATE, "if charge.ended_at is None and wanted", "if wanted"),),
        (f"{CHARGES}::test_a_charge_is_waived_with_a_reason_at_most_once_and_does_not_come_again",),
    ),
    Sabotage(
        "families in hardship are reminded",
        (Edit(REMIND, 'set(in_force("hardship", today)) | set', "set"),),
        (f"{REMINDERS}::test_a_stop_is_kept",),
    ),
    Sabotage(
        "each tick reminds again",
        (
            Edit("booking/ledger/arrears.py", "key=key, at=at", "key=None, at=at"),
            Edit(REMIND, 'key=f"{key}:{user.id}"', 'key=f"{at}:{user.id}"'),
        ),
        (REMINDERS,),
        BOTH,
    ),
    Sabotage(
        "the limit strands a child who is on site",
        (
            Edit(
                "booking/bookings/rules.py",
                " or session.date == clock.today(self.at):",
                ":",
            ),
        ),
        (
            "tests/bookings/test_rule_reasons.py::test_the_limit_strands_nobody_today_and_the_office_lets_a_family_through",
        ),
    ),
    Sabotage(
        "whom a restriction closes out reads of a late collection",
        (
            Edit(
                "booking/payments/letters.py",
                "    if charge.pupil_id in closed_to_accounts({charge.account_id}, today()):\n        return None\n",
                "",
            ),
        ),
        ("tests/office/test_money_letters.py::test_whom_a_restriction_closes_out_reads_of_neither",),
    ),
    Sabotage(
        "a charge that was taken back is still asked for",
        (
            Edit(
                "booking/payments/letters.py",
                "    if is_back != (charge.ended_at is not None):\n        return None\n",
                "",
            ),
        ),
        ("tests/office/test_money_letters.py",),
    ),
)
