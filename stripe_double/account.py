"""What can be asked of one account at Stripe; each act and its events happen together, or not at all.

Rules that the library's types do not say are written by hand, each with the docstring of the library that states it.
What happens there without being asked stands in `happenings.py`.
"""

from __future__ import annotations

from typing import Any

from stripe_double import money_objects, objects
from stripe_double.clock import Clock
from stripe_double.errors import StripeError, missing
from stripe_double.faults import Faults
from stripe_double.store import Store, Thing

LEAST_PENCE = 30
HALF_HOUR, DAY = 30 * 60, 24 * 3600
SLACK = 5


class Account:
    """One account: its objects in the store, its pages under `base_url`, its own clock, and what goes wrong."""

    def __init__(self, store: Store, base_url: str) -> None:
        self.store = store
        self.base_url = base_url
        self.clock = Clock()
        self.faults = Faults()
        self.refunds_begin_as = "succeeded"

    def create_session(self, params: dict[str, Any]) -> Thing:
        """Open a Checkout Session."""
        at = self.clock.now()
        self._check_session(params, at)
        created = objects.session(params, now=at, base_url=self.base_url)
        # Stripe's list of minimum charges: £0.30 for GBP (SDK: Charge.amount, "minimum amount is $0.50 or equivalent").
        if created["amount_total"] < LEAST_PENCE:
            raise StripeError(400, "The total must be at least £0.30 GBP.", code="amount_too_small")
        return self.store.put(created)

    def _check_session(self, params: dict[str, Any], at: int) -> None:
        for name in ("mode", "line_items", "success_url"):
            if not params.get(name):
                raise StripeError(
                    400, f"Missing required param: {name}.", code="parameter_missing", param=name
                )
        self._check_lines(params["line_items"])
        # SessionCreateParams.expires_at: "anywhere from 30 minutes to 24 hours after Checkout Session creation".
        expires_at = params.get("expires_at")
        if expires_at is not None and not at + HALF_HOUR - SLACK <= expires_at <= at + DAY + SLACK:
            raise StripeError(
                400, "expires_at must be between 30 minutes and 24 hours from now", param="expires_at"
            )
        if params.get("customer") and self.store.get("customer", params["customer"]) is None:
            raise StripeError(
                400, f"No such customer: '{params['customer']}'", code="resource_missing", param="customer"
            )

    @staticmethod
    def _check_lines(lines: list[dict[str, Any]]) -> None:
        for number, line in enumerate(lines):
            price = line.get("price_data", {})
            named = f"line_items[{number}]"
            if not price.get("currency") or not price.get("product_data", {}).get("name"):
                raise StripeError(
                    400, f"Missing required param: {named}[price_data].", code="parameter_missing"
                )
            if price.get("unit_amount", -1) < 0 or line.get("quantity", 1) < 1:
                raise StripeError(
                    400, f"Invalid amount in {named}", code="parameter_invalid_integer", param=named
                )

    def session(self, session_id: str) -> Thing:
        """A session as it stands now: one whose time is over is expired by looking."""
        with self.store.changing():
            found = self.store.get("checkout.session", session_id)
            if found is None:
                raise missing("checkout.session", session_id)
            if found["status"] == "open" and found["expires_at"] <= self.clock.now():
                self._expire(found)
            return found

    def expire_session(self, session_id: str) -> Thing:
        """SessionService.expire: "only open sessions can be expired"."""
        with self.store.changing():
            found = self.session(session_id)
            if found["status"] != "open":
                raise StripeError(400, f"Only open sessions can be expired; this one is {found['status']}.")
            return self._expire(found)

    def _expire(self, found: Thing) -> Thing:
        found.update(status="expired", url=None)
        self.tell("checkout.session.expired", self.store.put(found))
        return found

    def expire_overdue(self) -> None:
        """Expire whatever is open and past its time, so that its event is sent without anybody looking."""
        for session_id in self.store.overdue(self.clock.now()):
            self.session(session_id)

    def create_refund(self, params: dict[str, Any]) -> Thing:
        """RefundCreateParams.amount: "can refund only up to the remaining, unrefunded amount of the charge"."""
        with self.store.changing():
            charge = self.charge_of(params)
            left = charge["amount"] - charge["amount_refunded"]
            amount = params.get("amount", left)
            if charge["disputed"]:
                raise StripeError(
                    400, f"Charge {charge['id']} has been charged back.", code="charge_disputed"
                )
            if left == 0:
                raise StripeError(
                    400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
                )
            if not 0 < amount <= left:
                raise StripeError(
                    400, f"Refund amount ({amount}) is not between 1 and {left}.", param="amount"
                )
            at = self.clock.now()
            reason, metadata = params.get("reason"), params.get("metadata", {})
            made = objects.refund(charge, amount, reason=reason, metadata=metadata, now=at)
            made["status"] = self.refunds_begin_as
            made["balance_transaction"] = self.move_money("refund", -amount, 0, made["id"])
            charge["amount_refunded"] += amount
            charge["refunded"] = charge["amount_refunded"] == charge["amount"]
            self.store.put(charge)
            self.store.put(made)
            self.tell("refund.created", made)
            self.tell("charge.refunded", charge)
            self.tell("refund.updated", made)
            return made

    def charge_of(self, params: dict[str, Any]) -> Thing:
        """The charge that parameters name, by itself or by its payment intent."""
        charge_id = params.get("charge")
        if params.get("payment_intent"):
            intent = self.store.get("payment_intent", params["payment_intent"])
            if intent is None:
                raise missing("payment_intent", params["payment_intent"])
            charge_id = intent["latest_charge"]
        if charge_id is None:
            raise StripeError(
                400, "One of the following params should be provided: charge or payment_intent."
            )
        charge = self.store.get("charge", charge_id)
        if charge is None:
            raise missing("charge", charge_id)
        return charge

    def create_customer(self, params: dict[str, Any]) -> Thing:
        """Somebody whose card may be kept, if they agree."""
        return self.store.put(money_objects.customer(params, now=self.clock.now()))

    def delete_customer(self, customer_id: str) -> Thing:
        """CustomerService.delete: "Permanently deletes a customer"; kept cards go with them."""
        with self.store.changing():
            if self.store.get("customer", customer_id) is None:
                raise missing("customer", customer_id)
            for card in self.cards_of(customer_id):
                self.store.take_away(card["id"])
            self.store.take_away(customer_id)
        return {"id": customer_id, "object": "customer", "deleted": True}

    def cards_of(self, customer_id: str) -> list[Thing]:
        """The cards that a customer agreed to have kept."""
        return [card for card in self.store.all("payment_method") if card["customer"] == customer_id]

    def move_money(self, type_: str, amount: int, fee: int, source: str) -> str:
        """Note one movement of the balance; gives its id."""
        made = money_objects.balance_transaction(type_, amount, fee, source, now=self.clock.now())
        return str(self.store.put(made)["id"])

    def tell(self, type_: str, of: Thing) -> None:
        """Write an event, and post it as often and as late as the faults say."""
        at = self.clock.now()
        told = self.store.put(objects.event(type_, of, now=at))
        for seconds in self.faults.delays(told):
            self.store.enqueue(told["id"], None if seconds is None else at + seconds)
