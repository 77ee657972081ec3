"""Sabotages where money comes in, and of who may read: card pages, late money, Stripe's events, tokens."""

from __future__ import annotations

from tests.sabotage.kinds import BOTH, POSTGRESQL, Edit, Sabotage

CARD = "tests/payments/test_card.py"
LATE = "tests/payments/test_late_money.py"
WEBHOOK = "tests/payments/test_webhook.py"
CHECKOUT = "booking/payments/checkout.py"
FULFIL = "booking/payments/fulfilment.py"
EVENTS = "booking/payments/stripe_events.py"

REFUNDS = "booking/payments/refunds.py"
AFTER = "tests/payments/test_afterwards.py"
ORDERS = "tests/payments/test_event_orders.py"
POSTING = "tests/ledger/test_posting.py"
INVOICES = "tests/payments/test_invoices.py"

PAYING = (
    Sabotage(
        "invoice numbers are taken without a lock",
        (
            Edit(
                "booking/payments/invoices.py",
                "    lock_rows((FamilyAccount, [account_id]), (Seller, [order.seller_id]))\n    asked",
                "    asked",
            ),
        ),
        (f"{INVOICES}::test_of_six_at_one_moment_each_gets_a_number_of_its_own",),
        POSTGRESQL,
    ),
    Sabotage(
        "an issued invoice may be changed",
        (
            Edit(
                "booking/migrations/versions/0026_add_money_papers.py",
                'FROZEN = ("invoice", "invoice_line")',
                "FROZEN = ()",
            ),
        ),
        (f"{INVOICES}::test_the_database_refuses_to_change_an_invoice",),
        BOTH,
    ),
    Sabotage(
        "an invoice is taken back twice",
        (
            Edit(
                "booking/payments/invoices.py",
                'if invoice.kind != "invoice" or had_one is not None:',
                'if invoice.kind != "invoice":',
            ),
        ),
        (f"{INVOICES}::test_a_wrong_invoice_is_taken_back_whole_once_and_the_care_invoiced_afresh",),
    ),
    Sabotage(
        "Tax-Free Childcare of one child pays for another",
        (
            Edit(
                "booking/payments/allocation.py",
                "(only is not None and line.care.pupil_id != only)",
                "only == 0",
            ),
        ),
        ("tests/payments/test_allocation.py::test_tax_free_childcare_of_one_child_never_pays_for_another",),
    ),
    Sabotage(
        "a debt that was let off stands on a receipt",
        (
            Edit(
                "booking/payments/allocation.py",
                "(part for part in allocation.parts if part.money.is_payment)",
                "iter(allocation.parts)",
            ),
        ),
        ("tests/payments/test_allocation.py::test_a_debt_that_is_let_off_settles_and_is_no_payment",),
    ),
    Sabotage(
        "a closed child stands on a receipt",
        (
            Edit(
                "booking/payments/receipts.py",
                "if part.place_id is not None and (part.account_id, part.pupil_id) not in closed",
                "if part.place_id is not None and closed is not None",
            ),
        ),
        ("tests/payments/test_receipts.py::test_what_a_restriction_closes_is_on_no_receipt",),
    ),
    Sabotage(
        "a payout forgets what was paid out before",
        (
            Edit(
                "booking/registers/takings.py",
                "all_sold - all_refunded - gone - (",
                "all_sold - all_refunded - gone * 0 - (",
            ),
        ),
        ("tests/registers/test_takings.py::test_a_payout_is_what_was_sold_less_what_came_back_less_the_fee",),
    ),
    Sabotage(
        "what was posted may be changed",
        (
            Edit(
                "booking/migrations/versions/0019_close_ledger.py",
                'TABLES = ("ledger_entry", "ledger_line")',
                "TABLES = ()",
            ),
        ),
        (f"{POSTING}::test_the_database_refuses_to_change_or_delete_what_was_posted",),
        BOTH,
    ),
    Sabotage(
        "the same key stands for something else",
        (Edit("booking/ledger/posting.py", "if before.kind != kind or was != now:", "if was is now:"),),
        (f"{POSTING}::test_the_same_key_for_something_else_is_refused",),
    ),
    Sabotage(
        "a seal is not held against its rows",
        (Edit("booking/core/chain.py", "or _digest(previous, batch) != seal.digest:", ":"),),
        ("tests/ledger/test_sealing.py::test_a_forgery_in_which_every_sum_holds_is_found",),
    ),
    Sabotage(
        "places are given up while their card page can still be paid",
        (
            Edit(
                CHECKOUT,
                'if facts.status == "open":\n                    facts = gateway.expire_session(session_id)',
                'if facts.status == "open":\n                    object.__setattr__(facts, "status", "expired")',
            ),
        ),
        (LATE,),
    ),
    Sabotage(
        "late money books without a look for room",
        (
            Edit(
                "booking/bookings/places.py",
                "held, refused = _choose(situation, pairs, basket.account_id)",
                "held, refused = list(pairs), list[Refusal]()",
            ),
        ),
        ("tests/bookings/test_late_holds.py",),
        BOTH,
    ),
    Sabotage(
        "what is paid for is looked at before the account is locked",
        (
            Edit(
                "booking/payments/office_till.py",
                "    lock_rows((FamilyAccount, [account_id]))\n    summary = may_be_paid("
                "checkout_of(account_id, at=at), seen_pence=seen_pence)\n",
                "    summary = may_be_paid(checkout_of(account_id, at=at), seen_pence=seen_pence)\n"
                "    lock_rows((FamilyAccount, [account_id]))\n",
            ),
        ),
        ("tests/payments/test_paying_twice.py",),
        POSTGRESQL,
    ),
    Sabotage(
        "late money is kept",
        (
            Edit(
                FULFIL,
                "ask_refund(payment, facts.amount_pence, reason, at=at, user_id=None)",
                "assert reason",
            ),
        ),
        (LATE,),
    ),
    Sabotage(
        "nobody is told of late money",
        (Edit(FULFIL, '    write_to_payer(payment, "late_refund", at=at)\n', ""),),
        (LATE,),
    ),
    Sabotage(
        "late money does not put the child on the list",
        (Edit(FULFIL, 'if r.reason == "full"]', 'if r.reason == "empty"]'),),
        (LATE,),
    ),
    Sabotage(
        "a penny too little books",
        (
            Edit(
                FULFIL, "is_right = facts.amount_pence == expected_pence", "is_right = facts.amount_pence > 0"
            ),
        ),
        (LATE,),
    ),
    Sabotage(
        "an event of Stripe has its effect twice",
        (
            Edit(EVENTS, "if _is_known(event.id):", 'if event.id == "":'),
            Edit(FULFIL, "db.session.add(noted)", "noted = db.session.merge(noted)"),
        ),
        (WEBHOOK,),
    ),
    Sabotage(
        "what an event says is believed without asking Stripe",
        (
            Edit(
                FULFIL,
                "facts = facts or gateway.retrieve_session(session_id)",
                "facts = facts or gateway.retrieve_session(session_id)\n"
                '    if event: facts = SessionFacts(**{**vars(facts), "status": "complete", "payment_status": "paid"})',
            ),
        ),
        (WEBHOOK,),
    ),
    Sabotage(
        "an event that overtakes its payment's own is lost",
        (
            Edit(
                EVENTS,
                "        if facts is not None:\n            fulfil(",
                "        if facts is None:\n            fulfil(",
            ),
        ),
        (f"{ORDERS}::test_the_usual_events_in_any_order_and_number_end_the_same",),
    ),
    Sabotage(
        "places go while the bank still thinks",
        (
            Edit(CHECKOUT, "Payment.awaited_since.is_(None)", "Payment.id > 0"),
            Edit(FULFIL, 'facts.status == "expired":', 'facts.status != "open":'),
        ),
        (f"{AFTER}::test_a_bank_that_decides_later_keeps_the_places_and_ends_them_one_way",),
    ),
    Sabotage(
        "what a bank took back is refunded too",
        (
            Edit(
                REFUNDS,
                "refunded_pence(payment.id) - disputed_pence(payment.id)",
                "refunded_pence(payment.id)",
            ),
        ),
        (f"{AFTER}::test_a_dispute_is_posted_once_however_its_events_come",),
    ),
    Sabotage(
        "a refund is not looked for before it is tried again",
        (Edit(REFUNDS, "if attempts > 1:", "if attempts < 0:"),),
        (
            "tests/payments/test_refunds.py::test_a_refund_that_stripe_made_but_never_answered_is_found_not_made_again",
        ),
    ),
    Sabotage(
        "nobody asks for the events that never came",
        (Edit("booking/payments/looking_after.py", "        take_missed_events(at, gateway)\n", ""),),
        ("tests/payments/test_faults.py::test_events_that_come_twice_crossed_or_never_book_once",),
    ),
    Sabotage(
        "a family closes the card page of another",
        (
            Edit(
                CHECKOUT,
                'Payment.tender == "card", Payment.account_id.in_(account_ids)',
                'Payment.tender == "card"',
            ),
        ),
        (f"{CARD}::test_another_family_cannot_return_look_at_or_close_a_card_page",),
    ),
)

READING = (
    Sabotage(
        "a token does what its scopes do not say",
        (Edit("booking/api/views.py", "if scope not in scopes:", "if scope in ():"),),
        ("tests/api/test_api.py::test_a_token_without_the_scope_gets_403",),
    ),
    Sabotage(
        "a token that was revoked lives on",
        (
            Edit(
                "booking/api/tokens.py",
                "ApiToken.token_digest == _digest(token), ApiToken.revoked_at.is_(None)",
                "ApiToken.token_digest == _digest(token)",
            ),
        ),
        ("tests/api/test_api.py::test_no_token_a_wrong_one_and_a_revoked_one_get_401",),
    ),
)
