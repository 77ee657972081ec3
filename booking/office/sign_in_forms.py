"""Forms of the register tablets and day passes."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import DataRequired, Length

from booking.web.fields import TicksField
from booking.web.forms import BaseForm


def _line(label: str, most: int, missing: str, description: str = "") -> StringField:
    rules = [DataRequired(missing), Length(max=most, message=f"Use at most {most} characters.")]
    return StringField(label, rules, description=description, render_kw={"autocomplete": "off"})


class TabletForm(BaseForm):
    """The name by which staff know the tablet."""

    name = _line("Name of this tablet", 60, "Enter a name.", "For example: hall door.")


class DayPassForm(BaseForm):
    """What the office saw of an agency worker, and which of today's sessions the pass opens."""

    name = _line("Name", 160, "Enter the name.")
    agency = _line("Agency", 120, "Enter the agency.")
    identity_seen = _line(
        "Identity: what you looked at",
        120,
        "Say what you looked at.",
        "For example: passport, photo checked.",
    )
    vetting_seen = _line(
        "Vetting: what you looked at",
        120,
        "Say what you looked at.",
        "For example: agency letter of today, DBS seen. No certificate numbers.",
    )
    session_ids = TicksField("Sessions of today", coerce=int)
