"""The double cannot drift into fantasy: what it takes and gives is held against the locked library's own types."""

from __future__ import annotations

import types
import typing
from typing import Any

import pytest
import stripe
import typing_extensions
from stripe._api_version import _ApiVersion
from stripe.params import (
    BalanceTransactionListParams,
    CustomerCreateParams,
    DisputeListParams,
    EventListParams,
    PayoutListParams,
    RefundCreateParams,
    RefundListParams,
)
from stripe.params.checkout import SessionCreateParams, SessionListParams

from stripe_double import money_objects, objects, parameters

LINE = {
    "quantity": 2,
    "price_data": {"currency": "gbp", "unit_amount": 450, "product_data": {"name": "Booking"}},
}
SESSION = objects.session(
    {"line_items": [LINE], "success_url": "http://localhost/x", "metadata": {}},
    now=1,
    base_url="http://127.0.0.1:1",
)
INTENT = objects.intent(SESSION, now=1)
CHARGE = objects.charge(INTENT, now=1)
REFUND = objects.refund(CHARGE, 100, reason=None, metadata={}, now=1)
EVENT = objects.event("checkout.session.completed", SESSION, now=1)
MOVEMENT = money_objects.balance_transaction("charge", 900, 34, CHARGE["id"], now=1)


def _inner(annotation: Any) -> list[Any]:
    """The alternatives of an annotation, None left out."""
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return [one for part in typing.get_args(annotation) for one in _inner(part)]
    return [] if annotation is type(None) else [annotation]


def _hints(cls: type) -> dict[str, Any]:
    """The parameters of a TypedDict, names looked up as the library wrote them."""
    names = {**vars(typing), **vars(typing_extensions), "StripeContext": stripe.StripeContext}
    return typing_extensions.get_type_hints(cls, localns=names)


@pytest.mark.parametrize(
    ("cls", "made"),
    [
        (stripe.checkout.Session, SESSION),
        (stripe.PaymentIntent, INTENT),
        (stripe.Charge, CHARGE),
        (stripe.Refund, REFUND),
        (stripe.Event, EVENT),
        (stripe.LineItem, SESSION["line_items"]["data"][0]),
        (stripe.BalanceTransaction, MOVEMENT),
        (stripe.BalanceTransaction.FeeDetail, MOVEMENT["fee_details"][0]),
        (stripe.Dispute, money_objects.dispute(CHARGE, 100, "fraudulent", now=1)),
        (stripe.Payout, money_objects.payout(100, now=1)),
        (stripe.Balance, money_objects.balance(100)),
        (stripe.Customer, money_objects.customer({}, now=1)),
        (stripe.PaymentMethod, money_objects.kept_card("cus_1", now=1)),
    ],
)
def test_an_answer_has_the_fields_of_the_librarys_object(cls: type, made: dict[str, Any]) -> None:
    declared = {
        name: str(annotation)
        for name, annotation in cls.__annotations__.items()
        if not name.startswith("_") and "ClassVar" not in str(annotation) and name != "OBJECT_NAME"
    }
    unknown = set(made) - set(declared)
    assert not unknown, f"the library knows no {unknown}"
    always = {name for name, annotation in declared.items() if "Optional" not in annotation}
    assert not always - set(made), f"missing {always - set(made)}"
    for name, annotation in declared.items():
        if name not in made:
            continue
        if made[name] is None:
            assert "None" in annotation or "Optional" in annotation, f"{name} is never null"
        if annotation == "<class 'int'>":
            assert isinstance(made[name], int), name
        if annotation == "<class 'str'>":
            assert isinstance(made[name], str), name
        if annotation == "<class 'bool'>":
            assert isinstance(made[name], bool), name


def _check_table(table: Any, annotation: Any, path: str) -> None:
    """Every parameter that the double takes exists in the library, all the way down."""
    choices = _inner(annotation)
    if isinstance(table, list):
        inner = [typing.get_args(one)[0] for one in choices if typing.get_origin(one) is list]
        assert inner, f"{path} is no list in the library: {choices}"
        _check_table(table[0], inner[0], f"{path}[]")
    elif isinstance(table, dict) and "*" in table:
        assert any(typing.get_origin(one) is dict for one in choices), (
            f"{path} is no map in the library: {choices}"
        )
    elif isinstance(table, dict):
        classes = [one for one in choices if typing_extensions.is_typeddict(one)]
        assert classes, f"{path} is no object in the library: {choices}"
        hints = _hints(classes[0])
        for name, inner_table in table.items():
            assert name in hints, f"the library knows no {path}[{name}]"
            _check_table(inner_table, _bare(hints[name]), f"{path}[{name}]")
    elif table in {int, bool}:
        assert table in choices, f"{path} is {choices} in the library, not {table}"


def _bare(annotation: Any) -> Any:
    while typing.get_origin(annotation) in {typing.NotRequired, typing.Required, typing.Annotated}:
        annotation = typing.get_args(annotation)[0]
    return annotation


@pytest.mark.parametrize(
    ("table", "cls"),
    [
        (parameters.CREATE_SESSION, SessionCreateParams),
        (parameters.LIST_SESSIONS, SessionListParams),
        (parameters.CREATE_REFUND, RefundCreateParams),
        (parameters.LIST_REFUNDS, RefundListParams),
        (parameters.CREATE_CUSTOMER, CustomerCreateParams),
        (parameters.LIST_DISPUTES, DisputeListParams),
        (parameters.LIST_PAYOUTS, PayoutListParams),
        (parameters.LIST_MOVEMENTS, BalanceTransactionListParams),
        (parameters.LIST_EVENTS, EventListParams),
    ],
)
def test_a_parameter_that_is_taken_exists_in_the_library(table: dict[str, Any], cls: type) -> None:
    _check_table(table, cls, cls.__name__)


def test_the_double_speaks_the_pinned_version() -> None:
    assert _ApiVersion.CURRENT == objects.API_VERSION
