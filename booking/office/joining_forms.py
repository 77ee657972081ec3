"""Forms of joining by a code on paper, and of asking to be linked to a child."""

from __future__ import annotations

from wtforms import EmailField, PasswordField, RadioField, StringField, TextAreaField
from wtforms.validators import Email, InputRequired, Length, Optional

from booking.office.fields import DayField
from booking.web.forms import BaseForm


def _text(label: str, most: int, missing: str = "", **options: object) -> StringField:
    rules = [InputRequired(missing)] if missing else [Optional()]
    return StringField(
        label, [*rules, Length(max=most, message=f"Use at most {most} characters.")], **options
    )


def _birthday() -> DayField:
    return DayField(
        "Your child’s date of birth", missing="Enter the date of birth.", description="For example 27/3/2019."
    )


def _code() -> StringField:
    return _text(
        "The code in your letter",
        40,
        "Enter the code.",
        description="Like ABCD-EFGH-JKM. Capitals do not matter.",
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )


class CodeForm(BaseForm):
    """Somebody who signs in already adds a child by the code in a letter."""

    code = _code()
    date_of_birth = _birthday()


class JoinByCodeForm(BaseForm):
    """A new user joins by the code in a letter."""

    code = _code()
    date_of_birth = _birthday()
    name = _text("Your name", 160, "Enter your name.", render_kw={"autocomplete": "name"})
    email = EmailField(
        "Your e-mail address",
        [InputRequired("Enter your e-mail address."), Email("This is no e-mail address."), Length(max=254)],
        description="You sign in with it. If you have none, ask the office: they book for you.",
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        "Choose a password",
        [InputRequired("Choose a password."), Length(max=128, message="Use at most 128 characters.")],
        description="At least 12 characters. Three or four words work well.",
        render_kw={"autocomplete": "new-password"},
    )


class AskForm(BaseForm):
    """An adult who is not on file says which child they mean; nothing on file is shown to them."""

    child_name = _text("Your child’s full name", 160, "Enter your child’s name.")
    date_of_birth = _birthday()
    class_name = _text("Class, if you know it", 40)
    relationship_name = _text("Who you are to the child", 40, "Say who you are to the child.")
    words = TextAreaField(
        "Anything the school should know (optional)",
        [Optional(), Length(max=1000, message="Use at most 1,000 characters.")],
    )


class AskAsNewForm(AskForm):
    """The same of somebody who does not sign in yet: they confirm their address first."""

    name = _text("Your name", 160, "Enter your name.", render_kw={"autocomplete": "name"})
    email = EmailField(
        "Your e-mail address",
        [InputRequired("Enter your e-mail address."), Email("This is no e-mail address."), Length(max=254)],
        render_kw={"autocomplete": "email"},
    )


class DecideForm(BaseForm):
    """The office's answer to a request, with a reason that the asker reads."""

    pupil = RadioField("Which child is it?", coerce=int)
    responsibility = RadioField(
        "Parental responsibility",
        choices=[("not_known", "Not known"), ("yes", "Yes: we have seen it"), ("no", "No")],
        default="not_known",
    )
    reason = TextAreaField(
        "What you write to them",
        [InputRequired("Write why."), Length(max=1000, message="Use at most 1,000 characters.")],
        description="Name nobody else, and do not say whether a child is at the school when you refuse.",
    )
