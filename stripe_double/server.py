"""Stripe's HTTP API as one small WSGI app: authorisation, idempotency, routes, and the hosted page."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from stripe_double import faults, happenings, hosted_page, money_objects, parameters
from stripe_double.account import Account
from stripe_double.errors import StripeError, missing
from stripe_double.lists import expanded, page
from stripe_double.objects import API_VERSION, new_id
from stripe_double.store import Thing

CSP = "default-src 'none'; style-src 'self'; form-action *; base-uri 'none'; frame-ancestors 'none'"
V1 = "/v1/checkout/sessions"
ROUTES = Map(
    [
        Rule(V1, methods=["POST"], endpoint="create_session"),
        Rule(V1, methods=["GET"], endpoint="list_sessions"),
        Rule(f"{V1}/<id_>", methods=["GET"], endpoint="get_session"),
        Rule(f"{V1}/<id_>/expire", methods=["POST"], endpoint="expire_session"),
        Rule(f"{V1}/<id_>/line_items", methods=["GET"], endpoint="session_lines"),
        Rule("/v1/payment_intents", methods=["GET"], endpoint="list_payment_intents"),
        Rule("/v1/payment_intents/<id_>", methods=["GET"], endpoint="get_payment_intent"),
        Rule("/v1/charges/<id_>", methods=["GET"], endpoint="get_charge"),
        Rule("/v1/customers", methods=["POST"], endpoint="create_customer"),
        Rule("/v1/customers/<id_>", methods=["GET"], endpoint="get_customer"),
        Rule("/v1/customers/<id_>", methods=["DELETE"], endpoint="delete_customer"),
        Rule("/v1/refunds", methods=["POST"], endpoint="create_refund"),
        Rule("/v1/refunds", methods=["GET"], endpoint="list_refunds"),
        Rule("/v1/refunds/<id_>", methods=["GET"], endpoint="get_refund"),
        Rule("/v1/disputes", methods=["GET"], endpoint="list_disputes"),
        Rule("/v1/disputes/<id_>", methods=["GET"], endpoint="get_dispute"),
        Rule("/v1/payouts", methods=["GET"], endpoint="list_payouts"),
        Rule("/v1/balance", methods=["GET"], endpoint="balance"),
        Rule("/v1/balance_transactions", methods=["GET"], endpoint="list_movements"),
        Rule("/v1/events", methods=["GET"], endpoint="list_events"),
        Rule("/v1/events/<id_>", methods=["GET"], endpoint="get_event"),
    ]
)
LISTS = {
    "sessions": ("checkout.session", parameters.LIST_SESSIONS),
    "payment_intents": ("payment_intent", parameters.LIST_INTENTS),
    "refunds": ("refund", parameters.LIST_REFUNDS),
    "disputes": ("dispute", parameters.LIST_DISPUTES),
    "payouts": ("payout", parameters.LIST_PAYOUTS),
    "movements": ("balance_transaction", parameters.LIST_MOVEMENTS),
    "events": ("event", parameters.LIST_EVENTS),
}
Answer = Thing | str
Act = Callable[[], Answer]


class Server:
    """The WSGI app over one account."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one request, or end its connection."""
        request = Request(environ)
        try:
            response = self._site(request) if not request.path.startswith("/v1/") else self._api(request)
        except faults.Dropped:
            response = Response(status=500)
            with contextlib.suppress(OSError):
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return response(environ, start_response)

    def _api(self, request: Request) -> Response:
        status, body = 200, ""
        try:
            status, body = self._call(request)
        except StripeError as error:
            status, body = error.status, json.dumps(error.body)
        except HTTPException as error:
            message = f"Unrecognized request URL ({request.method}: {request.path})."
            status, body = error.code or 404, json.dumps(StripeError(404, message).body)
        response = Response(body, status, mimetype="application/json")
        response.headers["Request-Id"] = new_id("req_")
        response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", API_VERSION)
        return response

    def _call(self, request: Request) -> tuple[int, str]:
        """Authorise, and let one call have its effect and its answer, as far as its fault lets it."""
        if not request.headers.get("Authorization", "").startswith("Bearer sk_test_"):
            raise StripeError(401, "Invalid API Key provided.")
        endpoint, arguments = ROUTES.bind_to_environ(request.environ).match()
        self.account.faults.meanwhile(endpoint)
        fault = self.account.faults.take(endpoint)
        self.account.faults.strike(fault, "before")
        if fault == "too_many":
            raise faults.too_many()
        act = self._act(endpoint, arguments, request)
        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or key is None:
            found = act()
            status, answer = 200, found if isinstance(found, str) else json.dumps(found)
            if fault.startswith("broken"):
                raise faults.broken()
        else:
            status, answer = self._once(key, request, act, fault)
        self.account.faults.strike(fault, "after")
        return status, answer

    def _once(self, key: str, request: Request, act: Act, fault: str) -> tuple[int, str]:
        """Replay the answer that was kept for a key, or act and keep the answer in the same transaction.

        Like Stripe, a 500 is kept too; what was refused before anything began (its parameters, 429) is not.
        """
        at, question = (
            self.account.clock.now(),
            json.dumps([request.path, sorted(request.form.items(multi=True))]),
        )
        with self.account.store.changing():
            kept = self.account.store.answer_to(key, at)
            if kept is not None:
                if kept[0] != question:
                    words = (
                        "A key for idempotent requests goes with the parameters that it was first used with."
                    )
                    raise StripeError(400, words, type_="idempotency_error")
                return kept[1], json.dumps(kept[2])
            try:
                status, body = 200, {} if fault == "broken_before" else act()
            except StripeError as error:
                status, body = error.status, error.body
            if fault.startswith("broken"):
                status, body = 500, faults.broken().body
            assert isinstance(body, dict)
            self.account.store.keep_answer(key, question, status, body, at)
            return status, json.dumps(body)

    def _act(self, endpoint: str, arguments: Mapping[str, Any], request: Request) -> Act:
        """What a call does, its parameters read (and refused) already."""
        pairs = list((request.form if request.method == "POST" else request.args).items(multi=True))
        store, account = self.account.store, self.account
        verb, _, name = endpoint.partition("_")
        if verb == "list":
            kind, table = LISTS[name]
            asked = parameters.read(pairs, table)
            return lambda: self._list(kind, asked, request.path)
        tables = {
            "create_session": (parameters.CREATE_SESSION, account.create_session),
            "create_refund": (parameters.CREATE_REFUND, account.create_refund),
            "create_customer": (parameters.CREATE_CUSTOMER, account.create_customer),
        }
        if endpoint in tables:
            table, create = tables[endpoint]
            params = parameters.read(pairs, table)
            return lambda: expanded(store, create(params), params.get("expand", []))
        wanted = parameters.read(pairs, parameters.RETRIEVE).get("expand", [])
        if endpoint == "balance":
            return lambda: money_objects.balance(store.balance())
        id_ = arguments["id_"]
        if endpoint == "expire_session":
            return lambda: expanded(store, account.expire_session(id_), wanted)
        if endpoint == "delete_customer":
            return lambda: account.delete_customer(id_)
        if endpoint == "session_lines":
            return lambda: dict(account.session(id_)["line_items"])
        return lambda: expanded(store, self._one(name, id_), wanted)

    def _one(self, kind: str, id_: str) -> Thing:
        if kind == "session":
            return self.account.session(id_)
        found = self.account.store.get(kind, id_)
        if found is None:
            raise missing(kind, id_)
        return found

    def _list(self, kind: str, params: dict[str, Any], path: str) -> str:
        if kind == "checkout.session":
            self.account.expire_overdue()
        return page(self.account.store, kind, params, path)

    def _site(self, request: Request) -> Response:
        """The pages that a person sees, and the health check."""
        if request.path == "/healthz":
            return Response("ok\n", mimetype="text/plain")
        if request.path == "/c/style.css":
            return Response(hosted_page.STYLE, mimetype="text/css")
        if not request.path.startswith("/c/pay/"):
            return Response("not found\n", 404, mimetype="text/plain")
        try:
            session = self.account.session(request.path.removeprefix("/c/pay/"))
        except StripeError:
            return NotFound().get_response(request.environ)
        if session["status"] == "open" and request.method == "POST":
            return self._press(request, session)
        is_open = session["status"] == "open"
        cards = len(self.account.cards_of(session["customer"])) if session["customer"] else 0
        text = hosted_page.pay_page(session, cards) if is_open else hosted_page.over_page(session)
        response = Response(text, 200 if is_open else 410, mimetype="text/html")
        response.headers["Content-Security-Policy"] = CSP
        response.headers["Cache-Control"] = "no-store"
        return response

    def _press(self, request: Request, session: Thing) -> Response:
        if request.form.get("action") == "pay":
            paid = happenings.pay(self.account, session["id"], keeps_card="keep" in request.form)
            target = paid["success_url"].replace("{CHECKOUT_SESSION_ID}", paid["id"])
        else:
            target = session["cancel_url"] or session["success_url"]
        return redirect(target, 303)
