"""Who each route is for, stated a second time and apart from the code.

`scoped_for` names the roles that see only their own: on another's thing the answer is 404.
"""

from __future__ import annotations

from dataclasses import dataclass

ANYONE = frozenset({"anyone"})
EVERYBODY = ("parent", "staff", "manager", "governor", "admin")
WRITES_BY_GET = {"access_entry", "audit_entry", "sign_in_attempt", "sign_in", "release"}
"""Tables that a GET may add to: who looked at what, sign-ins, and the release that a first look makes."""


@dataclass(frozen=True)
class Route:
    """What the table says of one endpoint."""

    audience: frozenset[str]
    scoped_for: frozenset[str] = frozenset()
    is_signed: bool = False
    may_write_by_get: bool = False


def anyone(*, is_signed: bool = False) -> Route:
    """A public page; `is_signed` for Stripe's events, which carry a signature in place of a token."""
    return Route(ANYONE, is_signed=is_signed)


def only(*roles: str, scoped: tuple[str, ...] = (), may_write_by_get: bool = False) -> Route:
    """A page for these roles; for those in `scoped` only where the thing is theirs."""
    return Route(frozenset(roles), frozenset(scoped), may_write_by_get=may_write_by_get)


ROUTES: dict[str, Route] = {
    "web.healthz": anyone(),
    "web.readyz": anyone(),
    "web.metrics": anyone(),
    "api.openapi": anyone(),
    "api.sessions": only("token"),
    "people.sign_in": anyone(),
    "people.passkey_options": anyone(),
    "people.passkey_sign_in": anyone(),
    "people.second_step": anyone(),
    "people.send_code_again": anyone(),
    "people.set_up": anyone(),
    "people.sign_out": anyone(),
    "people.forgotten": anyone(),
    "people.reset": anyone(),
    "people.confirm_email": anyone(),
    "people.your_sign_in": only(*EVERYBODY),
    "people.end_sign_in": only(*EVERYBODY),
    "people.end_other_sign_ins": only(*EVERYBODY),
    "people.forget_device": only(*EVERYBODY),
    "people.your_password": only(*EVERYBODY),
    "people.your_email": only(*EVERYBODY),
    "people.new_passkey_options": only(*EVERYBODY),
    "people.add_passkey": only(*EVERYBODY),
    "people.rename_passkey": only(*EVERYBODY),
    "people.remove_passkey": only(*EVERYBODY),
    "people.begin_code_app": only(*EVERYBODY),
    "people.code_app": only(*EVERYBODY),
    "people.remove_code_app": only(*EVERYBODY),
    "people.recovery_codes": only(*EVERYBODY),
    "people.prove": only(*EVERYBODY),
    "people.proof_options": only(*EVERYBODY),
    "people.tablet": anyone(),
    "people.your_pin": only("staff", "manager"),
    "people.join": anyone(),
    "bookings.offer": anyone(),
    "bookings.book": only("parent"),
    "bookings.choose": only("parent"),
    "bookings.basket": only("parent"),
    "bookings.change_basket": only("parent"),
    "bookings.mine": only("parent"),
    "bookings.cancel": only("parent", scoped=("parent",)),
    "bookings.wait": only("parent"),
    "bookings.answer_offer": only("parent"),
    "bookings.children": only("parent"),
    "bookings.still_right": only("parent"),
    "bookings.child": only("parent", scoped=("parent",)),
    "bookings.confirm_child": only("parent", scoped=("parent",)),
    "bookings.care": only("parent", scoped=("parent",)),
    "bookings.add_contact": only("parent", scoped=("parent",)),
    "bookings.contact": only("parent", scoped=("parent",)),
    "bookings.remove_contact": only("parent", scoped=("parent",)),
    "bookings.collection": only("parent", scoped=("parent",)),
    "bookings.consents": only("parent", scoped=("parent",)),
    "joining.join_with_code": anyone(),
    "joining.send_again": anyone(),
    "joining.add_by_code": only("parent"),
    "joining.ask": anyone(),
    "joining.confirm_ask": anyone(),
    "joining.link_requests": only("manager"),
    "joining.link_request": only("manager"),
    "joining.print_letters": only("manager"),
    "privacy.my_data": only("parent"),
    "privacy.my_data_file": only("parent"),
    "privacy.data_of": only("manager"),
    "privacy.keeping": only("manager"),
    "privacy.processing_record": only("manager"),
    "payments.checkout": only("parent"),
    "payments.pay": only("parent"),
    "payments.back": only("parent", may_write_by_get=True),
    "payments.cancelled": only("parent", scoped=("parent",)),
    "payments.close": only("parent", scoped=("parent",)),
    "payments.confirmation": only("parent", scoped=("parent",)),
    "payments.calendar": only("parent", scoped=("parent",)),
    "payments.account": only("parent"),
    "payments.stripe_webhook": anyone(is_signed=True),
    "equity.report": only("governor", "manager"),
    "equity.period": only("governor", "manager"),
    "equity.download": only("governor", "manager"),
    "equity.working": only("manager"),
    "registers.today": only("staff", "manager"),
    "registers.day": only("staff", "manager"),
    "registers.session": only("staff", "manager", scoped=("staff",)),
    "registers.mark": only("staff", "manager", scoped=("staff",)),
    "registers.add_walk_in": only("staff", "manager", scoped=("staff",)),
    "registers.print_day": only("staff", "manager"),
    "registers.provider": only("staff"),
    "registers.print_session": only("staff", "manager", scoped=("staff",)),
    "office.home": only("manager"),
    "office.failed_letters": only("manager"),
    "office.terms": only("manager"),
    "office.add_period": only("manager"),
    "office.period": only("manager"),
    "office.remove_period": only("manager"),
    "office.add_day": only("manager"),
    "office.day": only("manager"),
    "office.remove_day": only("manager"),
    "office.activities": only("manager"),
    "office.add_activity": only("manager"),
    "office.activity": only("manager"),
    "office.sellers": only("manager"),
    "office.add_seller": only("manager"),
    "office.seller": only("manager"),
    "office.rooms": only("manager"),
    "office.add_room": only("manager"),
    "office.room": only("manager"),
    "office.runs": only("manager"),
    "office.add_run": only("manager"),
    "office.copy_term": only("manager"),
    "office.run": only("manager"),
    "office.open_for_booking": only("manager"),
    "office.close_for_booking": only("manager"),
    "office.make_sessions_afresh": only("manager"),
    "office.pupils": only("manager"),
    "office.pupil": only("manager"),
    "office.restrictions": only("manager"),
    "office.restriction": only("manager"),
    "office.confirm_restricting": only("manager"),
    "office.restrict": only("manager"),
    "office.tie": only("manager"),
    "office.end_of_tie": only("manager"),
    "office.account_by_hand": only("manager"),
    "office.care_disputes": only("manager"),
    "office.told_care": only("manager"),
    "office.settle_care": only("manager"),
    "office.who_saw": only("manager"),
    "office.objection": only("manager"),
    "office.back_on_roll": only("manager"),
    "office.imports": only("manager"),
    "office.import_preview": only("manager"),
    "office.import_columns": only("manager"),
    "office.forget_import": only("manager"),
    "office.past_imports": only("manager"),
    "office.import_run": only("manager"),
    "office.undo_import": only("manager"),
    "office.roll_over": only("manager"),
    "office.families": only("manager"),
    "office.joining": only("manager"),
    "office.invite_all": only("manager"),
    "office.invite_one": only("manager"),
    "office.family": only("manager"),
    "office.users": only("manager", "admin"),
    "office.invite_somebody": only("manager", "admin"),
    "office.user": only("manager", "admin"),
    "office.forget_keys": only("manager", "admin"),
    "office.tablets": only("manager"),
    "office.end_tablet": only("manager"),
    "office.day_passes": only("manager"),
    "office.end_day_pass": only("manager"),
}
