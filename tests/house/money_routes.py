"""Who each route about money is for; the rest of the table is in `routes`."""

from __future__ import annotations

from tests.house.audiences import Route, anyone, only

MONEY_ROUTES: dict[str, Route] = {
    "payments.checkout": only("parent"),
    "payments.pay": only("parent"),
    "payments.ways": only("parent"),
    "payments.child_reference": only("parent", scoped=("parent",)),
    "payments.back": only("parent", may_write_by_get=True),
    "payments.cancelled": only("parent", scoped=("parent",)),
    "payments.close": only("parent", scoped=("parent",)),
    "payments.confirmation": only("parent", scoped=("parent",)),
    "payments.calendar": only("parent", scoped=("parent",)),
    "payments.account": only("parent"),
    "payments.forget_card": only("parent"),
    "payments.statements": only("parent"),
    "payments.statement_file": only("parent"),
    "payments.receipt": only("parent", scoped=("parent",)),
    "payments.receipt_file": only("parent", scoped=("parent",)),
    "payments.invoice_file": only("parent", scoped=("parent",)),
    "payments.stripe_webhook": anyone(is_signed=True),
    "arrears.owed": only("manager"),
    "arrears.owed_csv": only("manager"),
    "arrears.letters": only("manager"),
    "arrears.term_position": only("manager"),
    "arrears.money_terms": only("manager"),
    "arrears.decisions": only("manager"),
    "arrears.decision": only("manager"),
    "arrears.decide_money": only("manager"),
    "arrears.withdraw_money": only("manager"),
    "arrears.take_back": only("manager"),
    "arrears.waive": only("manager"),
    "arrears.refund": only("manager"),
    "arrears.write_off": only("manager"),
    "arrears.family": only("manager"),
    "arrears.end_family_note": only("manager"),
    "arrears.send_family_statement": only("manager"),
    "arrears.family_letter": only("manager"),
    "arrears.plan": only("manager"),
    "arrears.end_family_plan": only("manager"),
}
