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

PAYING = (
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
        ("tests/bookings/test_holds.py",),
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
