"""What people and banks do at Stripe without asking the API: pay, think again, take money back, pay it out."""

from __future__ import annotations

from typing import Any

from stripe_double import money_objects, objects
from stripe_double.account import Account
from stripe_double.errors import missing
from stripe_double.store import Thing


def pay(
    account: Account,
    session_id: str,
    *,
    amount: int | None = None,
    later: bool = False,
    keeps_card: bool = False,
) -> Thing:
    """A person presses Pay on the hosted page; a second press changes nothing.

    With another `amount` than asked; `later`: the bank has not said yes or no; `keeps_card`: the tick box was ticked.
    """
    with account.store.changing():
        found = account.session(session_id)
        if found["status"] != "open":
            return found
        at = account.clock.now()
        if amount is not None:
            found["amount_total"] = found["amount_subtotal"] = amount
        if keeps_card and found["customer"]:
            account.store.put(money_objects.kept_card(found["customer"], now=at))
        intent = account.store.put(objects.intent(found, now=at))
        found.update(status="complete", payment_intent=intent["id"], url=None)
        if not later:
            _take(account, intent)
            found["payment_status"] = "paid"
        account.store.put(found)
        account.tell("checkout.session.completed", found)
        return found


def decide(account: Account, session_id: str, *, works: bool) -> None:
    """The bank says yes or no to a payment that it was thinking about."""
    with account.store.changing():
        found = account.session(session_id)
        intent = _thing(account, "payment_intent", found["payment_intent"])
        if works:
            _take(account, intent)
            found["payment_status"] = "paid"
        else:
            intent["status"] = "requires_payment_method"
            account.store.put(intent)
        account.store.put(found)
        account.tell(f"checkout.session.async_payment_{'succeeded' if works else 'failed'}", found)


def _take(account: Account, intent: Thing) -> None:
    at, amount = account.clock.now(), intent["amount"]
    charge = objects.charge(intent, now=at)
    fee = money_objects.fee_of_charge(amount)
    charge["balance_transaction"] = account.move_money("charge", amount, fee, charge["id"])
    intent.update(status="succeeded", amount_received=amount, latest_charge=charge["id"])
    account.store.put(charge)
    account.store.put(intent)
    account.tell("charge.succeeded", charge)
    account.tell("payment_intent.succeeded", intent)


def refund_by_hand(account: Account, intent_id: str, amount: int | None = None) -> Thing:
    """Somebody at the school presses Refund on Stripe's own pages."""
    params: dict[str, Any] = {"payment_intent": intent_id}
    return account.create_refund(params if amount is None else {**params, "amount": amount})


def end_refund(account: Account, refund_id: str, *, works: bool) -> None:
    """The bank takes a refund that was pending, or sends one back, even one that had succeeded."""
    with account.store.changing():
        found = _thing(account, "refund", refund_id)
        found["status"] = "succeeded" if works else "failed"
        if not works:
            charge = _thing(account, "charge", found["charge"])
            charge["amount_refunded"] -= found["amount"]
            charge["refunded"] = False
            account.store.put(charge)
            found["failure_balance_transaction"] = account.move_money(
                "refund_failure", found["amount"], 0, refund_id
            )
            found["failure_reason"] = "lost_or_stolen_card"
        account.store.put(found)
        if not works:
            account.tell("refund.failed", found)
        account.tell("refund.updated", found)


def dispute(account: Account, intent_id: str, amount: int | None = None, reason: str = "fraudulent") -> Thing:
    """A cardholder's bank takes the money back, and Stripe a fee."""
    with account.store.changing():
        charge = account.charge_of({"payment_intent": intent_id})
        found = money_objects.dispute(charge, amount or charge["amount"], reason, now=account.clock.now())
        moved = account.move_money("adjustment", -found["amount"], money_objects.DISPUTE_FEE, found["id"])
        found["balance_transactions"] = [_thing(account, "balance_transaction", moved)]
        charge["disputed"] = True
        account.store.put(charge)
        account.store.put(found)
        account.tell("charge.dispute.created", found)
        account.tell("charge.dispute.funds_withdrawn", found)
        return found


def end_dispute(account: Account, dispute_id: str, *, is_won: bool) -> None:
    """The bank decides; what is won comes back, less the fee."""
    with account.store.changing():
        found = _thing(account, "dispute", dispute_id)
        found["status"] = "won" if is_won else "lost"
        if is_won:
            moved = account.move_money("adjustment", found["amount"], 0, dispute_id)
            found["balance_transactions"].append(_thing(account, "balance_transaction", moved))
        account.store.put(found)
        account.tell("charge.dispute.closed", found)
        if is_won:
            account.tell("charge.dispute.funds_reinstated", found)


def pay_out(account: Account, amount: int | None = None) -> Thing:
    """Stripe sends what the account holds to the school's bank."""
    with account.store.changing():
        found = money_objects.payout(
            account.store.balance() if amount is None else amount, now=account.clock.now()
        )
        found["balance_transaction"] = account.move_money("payout", -found["amount"], 0, found["id"])
        account.store.put(found)
        account.tell("payout.created", found)
        account.tell("payout.paid", found)
        return found


def send_payout_back(account: Account, payout_id: str) -> None:
    """The school's bank does not take a payout."""
    with account.store.changing():
        found = _thing(account, "payout", payout_id)
        found["status"] = "failed"
        found["failure_balance_transaction"] = account.move_money(
            "payout_failure", found["amount"], 0, payout_id
        )
        account.store.put(found)
        account.tell("payout.failed", found)


def charge_fee(account: Account, amount: int) -> None:
    """Stripe takes a fee of its own, such as for a month."""
    account.move_money("stripe_fee", -amount, 0, objects.new_id("fee_"))


def _thing(account: Account, kind: str, thing_id: str) -> Thing:
    found = account.store.get(kind, thing_id)
    if found is None:
        raise missing(kind, thing_id)
    return found


def inquire(account: Account, intent_id: str) -> Thing:
    """A cardholder's bank asks what a payment was for; no money moves."""
    with account.store.changing():
        charge = account.charge_of({"payment_intent": intent_id})
        found = money_objects.dispute(charge, charge["amount"], "unrecognized", now=account.clock.now())
        found["status"] = "warning_needs_response"
        account.store.put(found)
        account.tell("charge.dispute.created", found)
        return found
