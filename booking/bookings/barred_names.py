"""Whether a name that somebody typed may mean an adult whom a restriction bars; careful rather than clever."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import select

from booking.core.db import db
from booking.people.models import Guardianship
from booking.people.restrictions import Restriction

TIES = (
    frozenset({"dad", "daddy", "father", "stepfather", "stepdad"}),
    frozenset({"mum", "mummy", "mam", "mother", "stepmother", "stepmum"}),
)


def is_barred(typed: str, restriction: Restriction) -> bool:
    """Whether typed words may mean this adult: the name whole or in part, initial and surname, or the tie (“Dad”).

    Who is meant wrongly is only kept from the door until the office has looked; who is meant and let through is not
    brought back.
    """
    said = set(_parts(typed))
    if not said:
        return False
    if is_named(typed, restriction) or any(_is_like(said, known) for known in _names(restriction)):
        return True
    return any(said & tie and tie & _tie_words(restriction) for tie in TIES)


def is_named(typed: str, restriction: Restriction) -> bool:
    """Whether the whole name of this adult stands in the words; nobody can say then that another is meant."""
    said = _parts(typed)
    return any(
        set(known) <= set(said)
        or any(
            "".join(one) in "".join(said) for one in (known, [*known[1:], known[0]], [known[-1], *known[:-1]])
        )
        for known in _names(restriction)
    )


def _is_like(said: set[str], known: list[str]) -> bool:
    """A part of the name and nothing else, or the surname with a first name of the same initial."""
    first, surname = known[0], known[-1]
    if said <= set(known):
        return True
    return surname in said and any(part[0] == first[0] for part in said - {surname})


def _names(restriction: Restriction) -> list[list[str]]:
    """The adult's name as the restriction has it, and as they sign in now."""
    names = [restriction.adult_name, restriction.adult.name if restriction.adult else ""]
    return [known for known in map(_parts, names) if known]


def _parts(name: str) -> list[str]:
    """The parts of a name in their order, without accents, case and punctuation."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter) and letter not in "'’`´")
    return [part for part in re.split(r"\W+", plain) if part]


def _tie_words(restriction: Restriction) -> set[str]:
    """How the barred adult belongs to the child, as far as the school knows."""
    if restriction.adult_id is None:
        return set()
    tie = db.session.scalar(
        select(Guardianship.relationship_name).where(
            Guardianship.user_id == restriction.adult_id, Guardianship.pupil_id == restriction.pupil_id
        )
    )
    return set(_parts(tie or ""))
