"""Consents: dated yeses of an adult, withdrawn by a date and never deleted; some need parental responsibility."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from booking.core import audit, clock
from booking.core.db import db
from booking.core.errors import BookingError
from booking.people.going_alone import is_of_year
from booking.people.models import Consent, Guardianship

LIST = Path(__file__).parent / "data" / "consents.csv"


class CannotConsent(BookingError):
    """This consent is not this adult's to give; why, and whom to ask, is said. Nothing was changed."""


@dataclass(frozen=True)
class ConsentKind:
    """One consent that the school asks for, and whether it takes parental responsibility."""

    kind: str
    words: str
    needs_responsibility: bool


@cache
def consent_kinds() -> Mapping[str, ConsentKind]:
    """What the school asks for, in the order of its list."""
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return MappingProxyType(
        {
            row["kind"]: ConsentKind(row["kind"], row["words"], row["needs_responsibility"] == "yes")
            for row in rows
        }
    )


def living_consents(pupil_id: int) -> dict[str, Consent]:
    """The consents that hold now, by kind, whoever gave them."""
    return {
        one.kind: one
        for one in db.session.scalars(
            select(Consent)
            .where(Consent.pupil_id == pupil_id, Consent.withdrawn_at.is_(None))
            .order_by(Consent.given_at)
        )
    }


def may_consent(tie: Guardianship, kind: ConsentKind) -> bool:
    """Whether this guardian may give it: with parental responsibility, where it takes that. Unknown is not a yes."""
    return not kind.needs_responsibility or tie.parental_responsibility == "yes"


def give_consent(tie: Guardianship, kind: str, details: Mapping[str, Any], *, at: datetime) -> Consent:
    """Give a consent, or give it anew on other terms; raises `CannotConsent`."""
    known = consent_kinds().get(kind)
    if known is None:
        raise CannotConsent("The school does not ask for that.")
    if not may_consent(tie, known):
        raise CannotConsent(
            f"“{known.words}” takes parental responsibility, and we do not know that you have it. "
            "Please ask the school office."
        )
    if kind == "goes_home_alone" and not re.fullmatch(
        r"([01]\d|2[0-3]):[0-5]\d", str(details.get("latest", ""))
    ):
        raise CannotConsent("Enter the latest hour at which your child may leave alone, like 16:30.")
    if kind == "goes_home_alone" and details.get("days") == []:
        raise CannotConsent("Tick the days on which your child may leave alone.")
    standing = living_consents(tie.pupil_id).get(kind)
    if standing is not None and standing.details == dict(details) and not _has_run_out(standing, at):
        return standing
    if standing is not None:
        standing.withdrawn_at = at
    made = Consent(
        pupil_id=tie.pupil_id, kind=kind, details=dict(details), given_by_id=tie.user_id, given_at=at
    )
    db.session.add(made)
    db.session.flush()
    audit.record("consent_given", "consent", made.id, at=at, user_id=tie.user_id)
    return made


def _has_run_out(consent: Consent, at: datetime) -> bool:
    """Going home alone is agreed for one school year; what else is agreed holds until it is taken back."""
    return consent.kind == "goes_home_alone" and not is_of_year(consent, clock.today(at))


def withdraw_consent(tie: Guardianship, kind: str, *, at: datetime) -> bool:
    """Withdraw a living consent; any guardian may, for a no counts more than a yes. False when there was none."""
    standing = living_consents(tie.pupil_id).get(kind)
    if standing is None:
        return False
    standing.withdrawn_at = at
    db.session.flush()
    audit.record("consent_withdrawn", "consent", standing.id, at=at, user_id=tie.user_id)
    return True
