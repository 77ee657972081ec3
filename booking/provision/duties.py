"""What is known of one session's rota: who is on it, who of them counts and why not, and what came of judging it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from booking.provision.models import Session
from booking.provision.staff_models import StaffRecord
from booking.provision.staffing_rules import Rule

FIRST_AID = "paediatric_first_aid"
ANY_PAEDIATRIC = frozenset({FIRST_AID, "emergency_paediatric_first_aid"})
NEEDS_CERTIFICATE = frozenset({"apprentice", "student", "volunteer"})
Children = Mapping[str, int]
"""How many children of each year group; a year group that is not known is an empty word."""


@dataclass(frozen=True)
class OnRota:
    """One adult on one session's rota; `why_not` says in words why they do not count, and is empty when they do."""

    staff_id: int
    user_id: int | None
    name: str
    is_leader: bool
    is_for_the_day: bool
    why_not: str
    is_first_aider: bool
    level: int

    @property
    def counts(self) -> bool:
        """Whether the adult counts in the ratio on that day."""
        return not self.why_not


@dataclass(frozen=True)
class Staffing:
    """One session's rota held against the rule of its day.

    `required` adults are for `children` (the booked ones where they were given, else as many as may be booked);
    `allowed` is how many children of its year groups these adults may have. `away` are those who
    stand on the rota and stay away on that day. `problems` are sentences for people.
    """

    session_id: int
    people: tuple[OnRota, ...] = ()
    away: tuple[OnRota, ...] = ()
    children: int = 0
    required: int = 0
    allowed: int = 0
    problems: tuple[str, ...] = ()

    @property
    def counting(self) -> tuple[OnRota, ...]:
        """Those who count in the ratio."""
        return tuple(one for one in self.people if one.counts)

    @property
    def first_aiders(self) -> tuple[OnRota, ...]:
        """Those with a paediatric first-aid certificate that is in date on the day."""
        return tuple(one for one in self.people if one.is_first_aider)

    @property
    def leader(self) -> str:
        """The name of who leads, or nothing."""
        return next((one.name for one in self.people if one.is_leader), "")


@dataclass
class Duty:
    """A session of a day with its rota and its children; what the rules of the house are asked about."""

    session: Session
    rule: Rule
    people: list[OnRota] = field(default_factory=list)
    away: list[OnRota] = field(default_factory=list)
    children: Children = field(default_factory=dict)
    papers_missing: tuple[str, ...] = ()

    @property
    def ids(self) -> set[int]:
        """Who is on this rota."""
        return {one.staff_id for one in self.people}

    def overlaps(self, other: Duty) -> bool:
        """Whether both are on at some moment of one day."""
        mine, theirs = self.session, other.session
        is_same_day = mine.date == theirs.date and mine.id != theirs.id
        return is_same_day and mine.starts_at < theirs.ends_at and theirs.starts_at < mine.ends_at


def why_not_counted(record: StaffRecord, day: date, *, is_vetted_by_firm: bool = False) -> str:
    """Why somebody does not count in the ratio on a day, in words; empty when they do."""
    if not record.counts_in_ratio:
        return "does not count in the ratio"
    if not is_employed(record, day):
        return "is not here on that day by their record"
    if not is_vetted_by_firm and (record.dbs_checked_on is None or record.dbs_checked_on > day):
        return "has no DBS check on record"
    if record.ratio_role in NEEDS_CERTIFICATE and not holds(record, ANY_PAEDIATRIC, day):
        return f"is {_article(record.ratio_role)} without a paediatric first-aid certificate in date"
    return ""


def holds(record: StaffRecord, kinds: Collection[str], day: date) -> bool:
    """Whether somebody has a certificate of one of these kinds that is in date on a day."""
    return any(one.kind in kinds and one.expires_on >= day for one in record.certificates)


def is_first_aider(record: StaffRecord, day: date) -> bool:
    """Whether somebody can give first aid to children on a day: the 12-hour paediatric certificate, in date."""
    return is_employed(record, day) and holds(record, {FIRST_AID}, day)


def is_employed(record: StaffRecord, day: date) -> bool:
    """Whether a day lies between the first and the last of a staff record."""
    return record.starts_on <= day and (record.ends_on is None or day <= record.ends_on)


def _article(role: str) -> str:
    return f"an {role}" if role[0] in "aeiou" else f"a {role}"
