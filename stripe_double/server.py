"""Stripe's HTTP API as one small WSGI app: authorisation, idempotency, routes, and the hosted page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from stripe_double import hosted_page, parameters
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
        Rule("/v1/refunds", methods=["POST"], endpoint="create_refund"),
        Rule("/v1/refunds", methods=["GET"], endpoint="list_refunds"),
        Rule("/v1/refunds/<id_>", methods=["GET"], endpoint="get_refund"),
        Rule("/v1/events", methods=["GET"], endpoint="list_events"),
        Rule("/v1/events/<id_>", methods=["GET"], endpoint="get_event"),
    ]
)


class Server:
    """The WSGI app over one account."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer one request."""
        request = Request(environ)
        response = self._site(request) if not request.path.startswith("/v1/") else self._api(request)
        return response(environ, start_response)

    def _api(self, request: Request) -> Response:
        try:
            status, body = self._answer(request)
        except StripeError as error:
            status, body = error.status, error.body
        except HTTPException as error:
            message = f"Unrecognized request URL ({request.method}: {request.path})."
            status, body = error.code or 404, StripeError(404, message).body
        response = Response(json.dumps(body, indent=2), status, mimetype="application/json")
        response.headers["Request-Id"] = new_id("req_")
        response.headers["Stripe-Version"] = request.headers.get("Stripe-Version", API_VERSION)
        return response

    def _answer(self, request: Request) -> tuple[int, Thing]:
        """Authorise, replay a kept answer, or act and keep the answer in the same transaction."""
        if not request.headers.get("Authorization", "").startswith("Bearer sk_test_"):
            raise StripeError(401, "Invalid API Key provided.")
        endpoint, arguments = ROUTES.bind_to_environ(request.environ).match()
        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or key is None:
            return 200, self._act(endpoint, arguments, request)
        question = json.dumps([request.path, sorted(request.form.items(multi=True))])
        with self.account.store.changing():
            kept = self.account.store.answer_to(key)
            if kept is not None:
                if kept[0] != question:
                    words = (
                        "A key for idempotent requests goes with the parameters that it was first used with."
                    )
                    raise StripeError(400, words, type_="idempotency_error")
                return kept[1], kept[2]
            try:
                status, body = 200, self._act(endpoint, arguments, request)
            except StripeError as error:
                status, body = error.status, error.body
            self.account.store.keep_answer(key, question, status, body)
            return status, body

    def _act(self, endpoint: str, arguments: Mapping[str, Any], request: Request) -> Thing:
        pairs = (request.form if request.method == "POST" else request.args).items(multi=True)
        store, account = self.account.store, self.account
        if endpoint.startswith("list_"):
            name = endpoint.removeprefix("list_")
            return self._list(name, list(pairs), request.path)
        if endpoint == "create_session":
            params = parameters.read(pairs, parameters.CREATE_SESSION)
            return expanded(store, account.create_session(params), params.get("expand", []))
        if endpoint == "create_refund":
            params = parameters.read(pairs, parameters.CREATE_REFUND)
            return expanded(store, account.create_refund(params), params.get("expand", []))
        wanted = parameters.read(pairs, parameters.RETRIEVE).get("expand", [])
        if endpoint == "expire_session":
            return expanded(store, account.expire_session(arguments["id_"]), wanted)
        if endpoint == "session_lines":
            lines: Thing = account.session(arguments["id_"])["line_items"]
            return lines
        kind = endpoint.removeprefix("get_")
        if kind == "session":
            return expanded(store, account.session(arguments["id_"]), wanted)
        found = store.get(kind, arguments["id_"])
        if found is None:
            raise missing(kind, arguments["id_"])
        return expanded(store, found, wanted)

    def _list(self, name: str, pairs: list[tuple[str, str]], path: str) -> Thing:
        kind, table = {
            "sessions": ("checkout.session", parameters.LIST_SESSIONS),
            "payment_intents": ("payment_intent", parameters.LIST_INTENTS),
            "refunds": ("refund", parameters.LIST_REFUNDS),
            "events": ("event", parameters.LIST_EVENTS),
        }[name]
        params = parameters.read(pairs, table)
        if kind == "checkout.session":
            self.account.expire_overdue()
        found = self.account.store.all(kind)
        if "delivery_success" in params:
            waiting = self.account.store.undelivered()
            found = [one for one in found if (one["id"] not in waiting) == params["delivery_success"]]
        shown = page(found, params, path)
        shown["data"] = [expanded(self.account.store, one, []) for one in shown["data"]]
        return shown

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
        text = hosted_page.pay_page(session) if is_open else hosted_page.over_page(session)
        response = Response(text, 200 if is_open else 410, mimetype="text/html")
        response.headers["Content-Security-Policy"] = CSP
        response.headers["Cache-Control"] = "no-store"
        return response

    def _press(self, request: Request, session: Thing) -> Response:
        if request.form.get("action") == "pay":
            paid = self.account.pay(session["id"])
            target = paid["success_url"].replace("{CHECKOUT_SESSION_ID}", paid["id"])
        else:
            target = session["cancel_url"] or session["success_url"]
        return redirect(target, 303)
