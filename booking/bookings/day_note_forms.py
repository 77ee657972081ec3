"""Forms in which a family says who is late and who collects; every choice is a tap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from wtforms import RadioField, StringField
from wtforms.validators import Length, Optional

from booking.bookings.telling import ChildDay
from booking.core.words import clock as hour
from booking.web.forms import BaseForm

MINUTES_LATE = (10, 20, 30, 45)
NOON = time(12)
SOMEBODY_ELSE = ""


class LateForm(BaseForm):
    """To what, and about when: one choice holds both."""

    when = RadioField("When, about?")

    def of(self, child: ChildDay, at: datetime) -> LateForm:
        """The form with the times that make sense: into a morning session, and home from the day's last one."""
        coming = child.may_still(at)
        mornings = [one for one in coming if one.starts_at < NOON]
        rest = [one for one in coming if one.starts_at >= NOON][-1:]
        choices: list[tuple[str, str]] = []
        for session in [*mornings, *rest]:
            is_morning = session in mornings
            begins = session.starts_at if is_morning else session.ends_at
            what = "Comes to" if is_morning else "Collected from"
            for minutes in MINUTES_LATE:
                late = _later(begins, minutes)
                words = f"{what} {session.run.activity.name} at about {hour(late)}"
                choices.append((f"{session.id} {late:%H:%M}", words))
            choices.append((f"{session.id}", f"{what} {session.run.activity.name} late, we do not know when"))
        self.when.choices = choices
        return self

    def said(self) -> tuple[int, time | None]:
        """The session, and the time where there is one."""
        session_id, _, at = self.when.data.partition(" ")
        return int(session_id), time.fromisoformat(at) if at else None


class CollectorForm(BaseForm):
    """Who collects: somebody whom this adult has told the school of, or a name."""

    who = RadioField("Who collects?", validators=[Optional()])
    name = StringField(
        "First name and surname",
        [Length(max=80, message="Use at most 80 characters.")],
        render_kw={"autocomplete": "off"},
    )
    tie = StringField(
        "Who is that to your child?",
        [Length(max=40, message="Use at most 40 characters.")],
        description="For example: neighbour, grandmother.",
        render_kw={"autocomplete": "off"},
    )

    def of(self, known: Sequence[str]) -> CollectorForm:
        """The form with the people to choose from; without any, only the name is asked."""
        self.who.choices = [*((one, one) for one in known), (SOMEBODY_ELSE, "Somebody else")]
        return self

    def validate(self, extra_validators: object = None) -> bool:
        """Somebody who is new is named by first name and surname, or staff cannot know who it is."""
        is_good = bool(super().validate(extra_validators))
        if not self.who.data and len((self.name.data or "").split()) < 2:
            self.name.errors = ["Enter the first name and the surname of who collects."]
            is_good = False
        return is_good

    def said(self) -> str:
        """The name as the register shows it."""
        if self.who.data:
            return str(self.who.data)
        return f"{self.name.data} ({self.tie.data})" if self.tie.data else str(self.name.data)


def _later(begins: time, minutes: int) -> time:
    moved = timedelta(hours=begins.hour, minutes=begins.minute + minutes)
    return time(int(moved.total_seconds() // 3600) % 24, int(moved.total_seconds() // 60) % 60)
