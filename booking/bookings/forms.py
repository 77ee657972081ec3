"""Forms of booking; which child and which session may be named is the engine's question, never the form's."""

from __future__ import annotations

import re

from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange

from booking.web.forms import BaseForm

Pick = tuple[int, int]
_PICK = re.compile(r"(\d{1,12}):(\d{1,12})")


class PressForm(BaseForm):
    """A button that carries nothing but its token."""


class WaitForm(BaseForm):
    """Which child wants to wait for which session."""

    pupil_id = IntegerField(validators=[InputRequired(), NumberRange(min=1)])
    session_id = IntegerField(validators=[InputRequired(), NumberRange(min=1)])


def read_picks(values: list[str]) -> set[Pick]:
    """Ticked boxes as (pupil, session); whatever does not look like one is left out."""
    found = (_PICK.fullmatch(value) for value in values)
    return {(int(match[1]), int(match[2])) for match in found if match is not None}
