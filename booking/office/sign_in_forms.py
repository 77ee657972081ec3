"""Forms of the register tablets and day passes."""

from __future__ import annotations

from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import DataRequired, Length

from booking.office.fields import DayField
from booking.provision.staff import LEVEL_WORDS
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
    counts_in_ratio = BooleanField("Counts in the ratio")
    dbs_checked_on = DayField(
        "DBS check of",
        is_optional=True,
        description="The day on the agency’s letter. Without it nobody counts.",
    )
    level = SelectField("Childcare qualification", coerce=int, choices=list(LEVEL_WORDS.items()), default=0)
    first_aid_until = DayField(
        "Paediatric first aid (12 hours) good until",
        is_optional=True,
        description="Only if you have seen the certificate.",
    )
    session_ids = TicksField("Sessions of today", coerce=int)
