"""Sabotages of promises: where schemes may pay, what a split takes, what is let go, and what never goes to a card."""

from __future__ import annotations

from tests.sabotage.kinds import POSTGRESQL, Edit, Sabotage

WAYS = "tests/payments/test_several_ways.py"
SHORT = "tests/payments/test_short_promises.py"
SPLIT = "tests/payments/test_splitting.py"
CROSSING = "tests/payments/test_crossing_promises.py"
SEVERAL = "booking/payments/several_ways.py"

PROMISING = (
    Sabotage(
        "an approval counts on any day",
        (Edit("booking/payments/childcare.py", "        and one.starts_on <= on\n", ""),),
        (f"{WAYS}::test_an_approval_holds_for_its_activity_and_its_days",),
    ),
    Sabotage(
        "Tax-Free Childcare pays at any age",
        (
            Edit(
                SEVERAL,
                "and is_of_age(born[line.pupil_id], line.date, is_disabled=is_disabled)",
                "and is_disabled is not None and is_of_age is not None",
            ),
        ),
        (f"{WAYS}::test_tax_free_childcare_is_offered_for_approved_lines_and_children_of_age_alone",),
    ),
    Sabotage(
        "a promise may be more than its places cost",
        (
            Edit(
                "booking/payments/splitting.py",
                "if not 0 <= asked_pence <= allowed_pence:",
                "if not 0 <= asked_pence:",
            ),
        ),
        (f"{SPLIT}::test_more_than_may_be_or_less_than_a_card_takes_is_refused_in_words",),
    ),
    Sabotage(
        "the card takes another amount than the parent saw",
        (
            Edit(
                "booking/payments/checkout.py",
                "if seen_card_pence is not None and amount_pence != seen_card_pence:",
                "if seen_card_pence is not None and amount_pence < 0:",
            ),
        ),
        (f"{WAYS}::test_a_tampered_split_is_refused_in_words_and_changes_nothing",),
    ),
    Sabotage(
        "what a closed card page was to be shared with stays waiting",
        (
            Edit(
                "booking/payments/fulfilment.py",
                "    forget_waiting(payment)\n    if payment.basket_id is None:",
                "    if payment.basket_id is None:",
            ),
        ),
        (f"{WAYS}::test_nothing_is_promised_when_the_card_page_is_given_up",),
    ),
    Sabotage(
        "a lost place stays promised",
        (
            Edit(
                "booking/payments/promising.py",
                'Place.basket_id == card.basket_id, Place.state == "booked"',
                "Place.basket_id == card.basket_id",
            ),
        ),
        (f"{WAYS}::test_a_place_that_was_lost_while_the_card_was_paid_is_not_promised",),
    ),
    Sabotage(
        "the first place is let go before the last",
        (Edit("booking/payments/short_promises.py", "for line in reversed(lines):", "for line in lines:"),),
        (f"{SHORT}::test_a_part_that_comes_short_loses_only_its_own_last_places",),
    ),
    Sabotage(
        "a child of today is let go",
        (
            Edit(
                "booking/payments/short_promises.py",
                "place.session.date > clock.today(at)",
                "place.session.date >= clock.today(at)",
            ),
        ),
        (f"{SHORT}::test_today_and_what_is_over_is_never_let_go",),
    ),
    Sabotage(
        "the rule does not wait for a reminder",
        (
            Edit(
                "booking/payments/promise_reminders.py",
                "if is_over and told_at is not None and told_at + timedelta(days=1) <= at:",
                "if is_over:",
            ),
        ),
        (f"{SHORT}::test_the_rule_waits_for_its_days_and_for_a_reminder",),
    ),
    Sabotage(
        "money of a scheme goes to a card",
        (
            Edit(
                "booking/payments/refund_ways.py",
                "other_pence = credit_pence - min(sum(beyond.values()), credit_pence)",
                "other_pence = credit_pence",
            ),
        ),
        ("tests/payments/test_refund_ways.py::test_no_penny_of_a_scheme_reaches_a_card",),
    ),
    Sabotage(
        "money that came before a promise counts twice",
        (
            Edit(
                "booking/payments/promises.py",
                "one.purse is not None and _was_made(one, money):",
                "one.purse is not None:",
            ),
        ),
        (
            "tests/payments/test_promises.py"
            "::test_money_that_came_before_the_promise_was_credit_by_then_and_counts_once",
        ),
    ),
    Sabotage(
        "a reference is taken from another family",
        (
            Edit(
                "booking/payments/references.py",
                "if (holder.account_id, holder.pupil_id) != (account_id, pupil_id):",
                "if holder.account_id < 0:",
            ),
        ),
        (
            "tests/office/test_childcare_pages.py::test_another_familys_reference_is_refused_without_saying_whose",
        ),
    ),
    Sabotage(
        "what is promised for is looked at before the account is locked",
        (
            Edit(
                SEVERAL,
                "    lock_rows((FamilyAccount, [account_id]))\n    summary = may_be_paid("
                "checkout_of(account_id, at=at), seen_pence=seen_pence)\n",
                "    summary = may_be_paid(checkout_of(account_id, at=at), seen_pence=seen_pence)\n"
                "    lock_rows((FamilyAccount, [account_id]))\n",
            ),
        ),
        (CROSSING,),
        POSTGRESQL,
    ),
    Sabotage(
        "what is still missing is looked at before the account is locked",
        (
            Edit(
                "booking/payments/short_promises.py",
                "    lock_rows((FamilyAccount, [payment.account_id]))\n"
                "    owed = [one for one in open_promises({payment.account_id}) "
                "if one.payment_id == payment_id]\n",
                "    owed = [one for one in open_promises({payment.account_id}) "
                "if one.payment_id == payment_id]\n"
                "    lock_rows((FamilyAccount, [payment.account_id]))\n",
            ),
        ),
        (CROSSING,),
        POSTGRESQL,
    ),
)
