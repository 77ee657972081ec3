"""The page on which a parent asks for texts, or ends them."""

from __future__ import annotations

from flask import current_app, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import Field, TelField
from wtforms.validators import InputRequired, Length, ValidationError

from booking.core import clock
from booking.core.errors import NotFound
from booking.core.words import telephone
from booking.people.texts import NotAMobile, read_mobile, stop_texts, texts_number, want_texts
from booking.web.audience import for_roles
from booking.web.form_pages import answer_form, answer_press
from booking.web.forms import BaseForm


class TextsForm(BaseForm):
    """The number on which a parent wants texts."""

    number = TelField(
        "Your mobile number",
        [
            InputRequired("Enter your mobile number."),
            Length(max=30, message="Use at most 30 characters."),
        ],
        description="A UK mobile, for example 07700 900 982 or +44 7700 900 982.",
        render_kw={"autocomplete": "tel"},
    )

    def validate_number(self, field: Field) -> None:
        """Only a UK mobile takes texts."""
        try:
            read_mobile(field.data or "")
        except NotAMobile as error:
            raise ValidationError(str(error)) from error


@for_roles("parent")
def your_texts() -> ResponseReturnValue:
    """Ask for texts beside the e-mails, or change the number; not there where the school sends none."""
    if not current_app.extensions["booking_settings"].sends_texts:
        raise NotFound
    form, user_id = TextsForm(data={"number": telephone(current_user.phone or "")}), current_user.id

    def save() -> str:
        want_texts(user_id, form.number.data, at=clock.now())
        return "You get texts now, beside the e-mails."

    return answer_form(
        form,
        save,
        template="people/your_texts.html",
        done=url_for("payments.account"),
        number=texts_number(current_user),
        since=current_user.texts_since,
    )


@for_roles("parent")
def stop_your_texts() -> ResponseReturnValue:
    """End the texts by one press."""
    user_id = current_user.id

    def act() -> str:
        stop_texts(user_id, at=clock.now())
        return "You get no more texts, and we have taken your number off. E-mails go on as before."

    return answer_press(act, done=url_for("payments.account"))
