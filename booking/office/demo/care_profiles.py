"""Care profiles and consents of the demo's pupils, about as often as a primary school meets them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

from booking.office.demo.dice import Dice
from booking.office.demo.groups import Draft
from booking.office.demo.names import Weighted, rows
from booking.office.demo.records import Care, ConsentGiven

ALLERGY = 0.075
MEDICAL = 0.13
WALKS_HOME = 0.4
LATEST = ("16:00", "16:45", "17:00", "18:00")


@cache
def _allergies() -> tuple[Weighted, dict[str, str]]:
    found = rows("allergies.csv")
    return (
        tuple((row["allergy"], float(row["weight"])) for row in found),
        {row["allergy"]: row["medicine"] for row in found},
    )


@cache
def _words(kind: str) -> Weighted:
    return tuple((row["words"], float(row["weight"])) for row in rows("care.csv") if row["kind"] == kind)


def give_care(drafts: Sequence[Draft], *names: object) -> list[Care]:
    """A care profile for each child, in the same order; most are empty but for a diet that the family keeps."""
    dice = Dice("care", *names)
    diets: dict[int, tuple[str, ...]] = {}
    for draft in drafts:
        if draft.household.key not in diets:
            diets[draft.household.key] = _diet(draft.household.community.diets, dice)
    allergic = dice.spread([ALLERGY for _ in drafts])
    ill = dice.spread([MEDICAL for _ in drafts])
    return [
        _care(draft, diets[draft.household.key], has_allergy, is_ill, dice)
        for draft, has_allergy, is_ill in zip(drafts, allergic, ill, strict=True)
    ]


def _diet(diets: Weighted, dice: Dice) -> tuple[str, ...]:
    point = dice.random()
    for diet, share in diets:
        point -= share
        if point < 0:
            return (diet,)
    return ()


def _care(draft: Draft, diet: tuple[str, ...], has_allergy: bool, is_ill: bool, dice: Dice) -> Care:
    choice, medicines = _allergies()
    allergies: list[str] = []
    while has_allergy and (not allergies or (len(allergies) < 3 and dice.chance(0.22))):
        found = dice.weighted(choice)
        if found not in allergies:
            allergies.append(found)
    medicine = [medicines[name] for name in allergies if medicines[name]]
    medical = [*dict.fromkeys(medicine), *([dice.weighted(_words("medical"))] if is_ill else [])]
    support = None
    if draft.sen == "E" or (draft.sen == "K" and dice.chance(0.75)):
        support = dice.weighted(_words(f"support_{draft.sen}"))
    return Care(tuple(allergies), diet, " ".join(medical) or None, support)


def walking_home(draft: Draft, adult: int, today: date, dice: Dice) -> tuple[ConsentGiven, ...]:
    """For some in Years 5 and 6 the consent to go home alone, given this school year; never with a plan or in care."""
    if draft.child.year < 5 or draft.sen == "E" or draft.looked_after or not dice.chance(WALKS_HOME):
        return ()
    given = max(draft.joined_on, dice.day_between(today - timedelta(days=90), today - timedelta(days=3)))
    return (ConsentGiven(adult, "goes_home_alone", dice.pick(LATEST), min(given, today)),)
