"""Forms of signing in and of taking up an invitation."""

from __future__ import annotations

from wtforms import EmailField, HiddenField, PasswordField, StringField, SubmitField
from wtforms.validators import InputRequired, Length

from booking.web.forms import BaseForm


class SignInForm(BaseForm):
    """E-mail and password; `next` is where the person wanted to go, checked to be on this site."""

    email = EmailField(
        "E-mail address",
        [InputRequired("Enter your e-mail address."), Length(max=254, message="That address is too long.")],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password."), Length(max=128, message="That password is too long.")],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()
    submit = SubmitField("Sign in")


class InvitationForm(BaseForm):
    """A new user names themselves and chooses a password; a guardian also gives the child's date of birth."""

    name = StringField(
        "Your name",
        [InputRequired("Enter your name."), Length(max=160, message="Use at most 160 characters.")],
        render_kw={"autocomplete": "name"},
    )
    date_of_birth = StringField(
        "Your child’s date of birth",
        description="For example 27/3/2019. This is how we know that the letter reached the right family.",
        render_kw={"autocomplete": "off", "inputmode": "text"},
    )
    password = PasswordField(
        "Choose a password",
        [InputRequired("Choose a password."), Length(max=128, message="Use at most 128 characters.")],
        description="At least 12 characters. Three or four words work well.",
        render_kw={"autocomplete": "new-password"},
    )
    submit = SubmitField("Join and sign in")
