"""The school's own steps and clock when a child is not where it should be, or nobody comes for it; dated.

Each day keeps the rules that held on it. Until the school sets its own, the usual ones of English schools hold: ten
minutes, then the parents, the other contacts, and social care after half an hour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from booking.core import clock
from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError
from booking.registers.call_models import CustodyTerms

LAST_MINUTE, MOST_STEPS, LONGEST = 240, 12, 200
NOBODY_CAME = "nobody_came"


class CannotSetCustody(BookingError):
    """The steps do not fit together, or begin in the past; what is wrong is said, and nothing was changed."""


@dataclass(frozen=True)
class Step:
    """What is to be done so many minutes after the clock of an alarm began."""

    minutes: int
    words: str


NOT_HERE_STEPS = (
    Step(10, "Ask in class, in the other sessions and at the gate. Look in the toilets and outside."),
    Step(15, "Ring the parents."),
    Step(20, "Ring the other contacts. Tell the head."),
    Step(30, "Ring the police on 999."),
)
NOBODY_CAME_STEPS = (
    Step(0, "Ring the parents."),
    Step(15, "Ring the other contacts. Tell the head."),
    Step(30, "Ring children’s social care. Two adults stay with the child."),
)


@dataclass(frozen=True)
class CustodyRules:
    """What holds on a day: minutes until a child is missed, on the way for too long, or not collected; and the steps."""

    not_here_minutes: int = 10
    way_minutes: int = 10
    collect_minutes: int = 10
    closes_at: time = time(18, 0)
    not_here_steps: tuple[Step, ...] = NOT_HERE_STEPS
    nobody_came_steps: tuple[Step, ...] = NOBODY_CAME_STEPS

    def steps_for(self, kind: str) -> tuple[Step, ...]:
        """The steps of one kind of alarm; all but "nobody came" are about finding a child."""
        return self.nobody_came_steps if kind == NOBODY_CAME else self.not_here_steps

    def collected_by(self, ends_at: datetime) -> datetime:
        """The instant from which a child whose last session ended then is one for whom nobody came."""
        if clock.to_school(ends_at).time() >= self.closes_at:
            return ends_at
        return ends_at + timedelta(minutes=self.collect_minutes)


NUMBERS = ("not_here_minutes", "way_minutes", "collect_minutes", "closes_at")
STEPS = ("not_here_steps", "nobody_came_steps")


def custody_rules_on(day: date) -> CustodyRules:
    """What holds on a day."""
    row = db.session.scalars(
        select(CustodyTerms).where(CustodyTerms.from_on <= day).order_by(CustodyTerms.from_on.desc()).limit(1)
    ).first()
    if row is None:
        return CustodyRules()
    found = CustodyRules(**{name: getattr(row, name) for name in NUMBERS})
    steps = {name: tuple(Step(int(m), str(words)) for m, words in getattr(row, name)) for name in STEPS}
    return replace(found, **steps)  # type: ignore[arg-type]  # both are tuples of steps


def set_custody_rules(rules: CustodyRules, from_on: date, *, at: datetime, user_id: int | None) -> None:
    """Put rules in force from a day on, today at the soonest, in the caller's unit of work.

    Raises `CannotSetCustody`.
    """
    if from_on < clock.today(at):
        raise CannotSetCustody("New steps begin today or later. Nothing was changed.")
    for name in STEPS:
        _check(getattr(rules, name))
    if rules.not_here_steps[0].minutes > rules.not_here_minutes:
        raise CannotSetCustody(
            f"A child is missed after {rules.not_here_minutes} minutes, so the first step must come by then."
        )
    row = db.session.scalars(select(CustodyTerms).where(CustodyTerms.from_on == from_on)).first()
    row = row or CustodyTerms(from_on=from_on)
    for name in NUMBERS:
        setattr(row, name, getattr(rules, name))
    for name in STEPS:
        setattr(row, name, [[step.minutes, step.words] for step in getattr(rules, name)])
    row.set_at, row.user_id = at, user_id
    db.session.add(row)
    db.session.flush()
    record("custody_set", "custody_terms", row.id, at=at, user_id=user_id, from_day=from_on.isoformat())


def _check(steps: tuple[Step, ...]) -> None:
    minutes = [step.minutes for step in steps]
    if not steps:
        raise CannotSetCustody("Write at least one step of each kind. Nothing was changed.")
    if minutes != sorted(set(minutes)):
        raise CannotSetCustody("Write the steps in the order of their minutes, each minute once.")


def read_steps(text: str) -> tuple[Step, ...]:
    """Steps as people write them, one a line: `15: Ring the parents.`; raises `CannotSetCustody` with the line."""
    found = []
    for line in filter(str.strip, text.splitlines()):
        match = re.fullmatch(r"\s*(\d{1,3})\s*[:.)]\s*(\S.*?)\s*", line, re.ASCII)
        if match is None or int(match[1]) > LAST_MINUTE or len(match[2]) > LONGEST:
            raise CannotSetCustody(
                f"“{line.strip()[:60]}” is not a step. Write it like 15: Ring the parents."
            )
        found.append(Step(int(match[1]), match[2]))
    if len(found) > MOST_STEPS:
        raise CannotSetCustody(f"That are {len(found)} steps. Nobody can follow more than {MOST_STEPS}.")
    return tuple(found)


def write_steps(steps: tuple[Step, ...]) -> str:
    """The same, a line for each step."""
    return "\n".join(f"{step.minutes}: {step.words}" for step in steps)
