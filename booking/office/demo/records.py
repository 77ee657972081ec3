"""What the demo's people are made of: plain frozen records with keys of their own, before any table knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Fact:
    """A group fact by the words of `GroupFact`."""

    kind: str
    value: str
    source: str
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True)
class Care:
    """What staff must know of a pupil; empty is nothing known."""

    allergies: tuple[str, ...] = ()
    diet: tuple[str, ...] = ()
    medical: str | None = None
    support: str | None = None


@dataclass(frozen=True)
class ConsentGiven:
    """A consent of one adult, by key; `latest` is the latest hour, as HH:MM."""

    adult: int
    kind: str
    latest: str
    given_on: date


@dataclass(frozen=True)
class DemoPupil:
    """A child; `status` is `on_roll`, `left` or `expected` (no UPN and no class yet). `sex` is F or M."""

    key: int
    family: int
    upn: str | None
    surname: str
    forename: str
    preferred_name: str | None
    date_of_birth: date
    sex: str
    class_name: str | None
    year_group: str
    status: str
    joined_on: date | None
    left_on: date | None
    facts: tuple[Fact, ...]
    care: Care
    consents: tuple[ConsentGiven, ...]

    def fact(self, kind: str, on: date) -> str | None:
        """The value of a group fact on a day, or None."""
        held = [
            f
            for f in self.facts
            if f.kind == kind and f.starts_on <= on and not (f.ends_on and f.ends_on < on)
        ]
        return held[-1].value if held else None


@dataclass(frozen=True)
class DemoAdult:
    """A grown-up of a family; one with an account but without e-mail has no user, and the office books for them."""

    key: int
    family: int
    name: str
    name_in_script: str | None
    email: str | None
    phone: str
    account: int | None

    @property
    def signs_in(self) -> bool:
        """Whether this adult is a user."""
        return self.account is not None and self.email is not None


@dataclass(frozen=True)
class Tie:
    """How an adult belongs to a pupil; responsibility is `yes`, `no` or `not_known`."""

    adult: int
    pupil: int
    relationship: str
    parental_responsibility: str
    may_book: bool
    may_collect: bool


@dataclass(frozen=True)
class DemoAccount:
    """Who is billed: `adults` who hold it, and the weekdays (0 is Monday) on which the children are with them."""

    key: int
    family: int
    name: str
    adults: tuple[int, ...]
    weekdays: tuple[int, ...]


@dataclass(frozen=True)
class DemoContact:
    """Somebody to ring about a pupil, by the school's record; 1 is rung first."""

    pupil: int
    name: str
    relationship: str
    phone: str
    email: str | None
    priority: int
    parental_responsibility: str
    may_collect: bool


@dataclass(frozen=True)
class DemoFamily:
    """Children and their adults; `form` is together, separated, lone, grandparents or foster."""

    key: int
    community: str
    form: str
    pupils: tuple[int, ...]
    adults: tuple[int, ...]
    accounts: tuple[int, ...]


@dataclass(frozen=True)
class Population:
    """A whole school: `pupils` are those on the roll, `others` have left or are expected.

    A record's key is its place in the list; the others' keys go on where the pupils' end.
    """

    seed: int
    today: date
    pupils: tuple[DemoPupil, ...]
    others: tuple[DemoPupil, ...]
    families: tuple[DemoFamily, ...]
    adults: tuple[DemoAdult, ...]
    accounts: tuple[DemoAccount, ...]
    ties: tuple[Tie, ...]
    contacts: tuple[DemoContact, ...]

    def pupil(self, key: int) -> DemoPupil:
        """A pupil by key, on the roll or not."""
        return self.pupils[key] if key < len(self.pupils) else self.others[key - len(self.pupils)]
