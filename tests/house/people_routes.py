"""Who each route about signing in is for; the rest of the table is in `routes`."""

from __future__ import annotations

from tests.house.audiences import Route, anyone, only

EVERYBODY = ("parent", "staff", "manager", "governor", "admin")

PEOPLE_ROUTES: dict[str, Route] = {
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
    "people.your_texts": only("parent"),
    "people.stop_your_texts": only("parent"),
    "people.prove": only(*EVERYBODY),
    "people.proof_options": only(*EVERYBODY),
    "people.tablet": anyone(),
    "people.your_pin": only("staff", "manager"),
    "people.join": anyone(),
}
