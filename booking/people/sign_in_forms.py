"""Forms of the second step, forgotten passwords and one's own keys."""

from __future__ import annotations

from wtforms import BooleanField, EmailField, HiddenField, PasswordField, RadioField, StringField
from wtforms.validators import DataRequired, Email, InputRequired, Length

from booking.people.passkeys import LONGEST_ANSWER
from booking.web.forms import BaseForm

CODE = {"autocomplete": "one-time-code", "inputmode": "text", "autocapitalize": "none", "spellcheck": "false"}


class ButtonForm(BaseForm):
    """A button alone; only the token is checked."""


class PasskeyAnswerForm(BaseForm):
    """What the browser's passkey said, filled in by the script; `own_device` as in `StepForm`."""

    answer = HiddenField(validators=[InputRequired(), Length(max=LONGEST_ANSWER)])
    own_device = BooleanField("This is my own device: keep me signed in for 30 days")
    next = HiddenField()


class NewPasskeyForm(BaseForm):
    """A passkey that the browser has just made, and a name to know it by."""

    answer = HiddenField(validators=[InputRequired(), Length(max=LONGEST_ANSWER)])
    name = StringField(
        "Name of this passkey",
        [Length(max=60, message="Use at most 60 characters.")],
        description="So that you know it again. For example: my phone.",
        render_kw={"autocomplete": "off"},
    )


class NameForm(BaseForm):
    """Another name for a passkey."""

    name = StringField(
        "Name",
        [DataRequired("Enter a name."), Length(max=60, message="Use at most 60 characters.")],
        render_kw={"autocomplete": "off"},
    )


class StepForm(BaseForm):
    """A code: six figures from an app or a letter, or one of the recovery codes on paper."""

    code = StringField(
        "Code",
        [InputRequired("Enter the code."), Length(max=40, message="That code is too long.")],
        render_kw=CODE,
    )
    own_device = BooleanField("This is my own device: do not ask for a code here for 30 days")


class CodeAppForm(BaseForm):
    """The first code that a new code app shows."""

    code = StringField(
        "Code that the app shows",
        [InputRequired("Enter the six figures that the app shows."), Length(max=40, message="Too long.")],
        render_kw=CODE,
    )


class ProofForm(BaseForm):
    """Password or code, whichever form was sent."""

    password = PasswordField(
        "Your password",
        [Length(max=128, message="That password is too long.")],
        render_kw={"autocomplete": "current-password"},
    )
    code = StringField(
        "Or a code from your app", [Length(max=40, message="That code is too long.")], render_kw=CODE
    )


class ForgottenForm(BaseForm):
    """The address to which a link goes, if somebody with it signs in here."""

    email = EmailField(
        "E-mail address",
        [InputRequired("Enter your e-mail address."), Length(max=254, message="That address is too long.")],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class NewPasswordForm(BaseForm):
    """A new password; it may be pasted, and shown while it is typed."""

    password = PasswordField(
        "New password",
        [InputRequired("Enter a new password.")],
        description="At least 12 characters. Three or four words work well.",
        render_kw={"autocomplete": "new-password"},
    )


class ChangePasswordForm(NewPasswordForm):
    """The old password and the new one."""

    old = PasswordField(
        "Your password until now",
        [InputRequired("Enter the password that you have now."), Length(max=128, message="Too long.")],
        render_kw={"autocomplete": "current-password"},
    )


class NewEmailForm(BaseForm):
    """The address to sign in with from now on; a link goes there first."""

    email = EmailField(
        "New e-mail address",
        [
            InputRequired("Enter the new address."),
            Length(max=254, message="That address is too long."),
            Email("Enter an e-mail address, like name@example.com."),
        ],
        render_kw={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"},
    )


PIN = {"autocomplete": "off", "inputmode": "numeric", "maxlength": "6"}


class PinForm(BaseForm):
    """A name from the tablet's list, and the six figures."""

    who = RadioField("Your name", validate_choice=True)
    pin = PasswordField("Your PIN", [InputRequired("Enter your PIN.")], render_kw=PIN)


class NewPinForm(BaseForm):
    """Six figures for this tablet alone."""

    pin = PasswordField(
        "New PIN",
        [InputRequired("Enter six figures.")],
        description="Six figures, no pattern.",
        render_kw=PIN,
    )
