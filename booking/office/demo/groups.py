"""Group facts of the demo's pupils: the right shares of the school, and hanging together as they do in schools.

School meals follow a family's hardship; help with learning falls more to boys, to poorer and to summer-born children.
The shares are quotas, so that a school of any size has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from booking.office.demo.dice import Dice
from booking.office.demo.families import Child, Household
from booking.office.demo.records import Fact

PUPIL_PREMIUM = 0.285
"""Of pupils from Reception to Year 6, which makes a quarter of a school with a nursery."""

EXPANDED_MEALS = 0.11
SEN_SUPPORT = 0.14
EHC_PLAN = 0.04
EXPANDED_FROM = date(2026, 9, 1)
"""Since the autumn of 2026 every household on Universal Credit has free meals; these bring no pupil premium."""


@dataclass
class Draft:
    """One child with what their facts are made from; `codes` holds ethnicity and language."""

    household: Household
    child: Child
    joined_on: date
    ethnicity: str = ""
    language: str = ""
    fsm: str = ""
    fsm6: bool = False
    sen: str = "N"
    looked_after: bool = False
    service_child: bool = False
    young_carer: bool = False

    @property
    def pupil_premium(self) -> bool:
        """For ever-six free meals and for children in care."""
        return self.fsm6 or self.looked_after


def give_groups(drafts: Sequence[Draft], today: date, *names: object) -> None:
    """Fill in what is true of every child of a school, in place."""
    dice = Dice("groups", *names)
    _give_origins(drafts, dice)
    _give_meals(drafts, today, dice)
    for draft, yes in zip(drafts, dice.spread([_is_foster(d) for d in drafts]), strict=True):
        draft.looked_after = yes
    _mark(drafts, 0.013, lambda d: d.household.form == "together", "service_child", dice)
    _mark(
        drafts,
        0.016,
        lambda d: d.child.year >= 2 and d.household.form in {"lone", "together"},
        "young_carer",
        dice,
    )
    _give_sen(drafts, dice)


def _is_foster(draft: Draft) -> float:
    return 1.0 if draft.household.form == "foster" else 0.0


def _give_origins(drafts: Sequence[Draft], dice: Dice) -> None:
    """Ethnicity and first language run in families; both may be refused or not yet known."""
    families = list({draft.household.key: draft.household for draft in drafts}.values())
    eal = dice.spread([family.community.eal for family in families])
    silent = dice.spread([0.015 for _ in families])
    unknown = dice.spread([0.01 for _ in families])
    codes: dict[int, tuple[str, str]] = {}
    for family, is_eal, says_nothing, no_language in zip(families, eal, silent, unknown, strict=True):
        ethnicity = dice.weighted(family.community.ethnicities)
        language = (
            dice.weighted(family.community.languages) if is_eal else dice.weighted((("ENG", 97), ("ENB", 3)))
        )
        if says_nothing:
            ethnicity = dice.pick(("REFU", "NOBT"))
        codes[family.key] = (ethnicity, dice.pick(("NOT", "REF")) if no_language else language)
    for draft in drafts:
        draft.ethnicity, draft.language = codes[draft.household.key]


def _give_meals(drafts: Sequence[Draft], today: date, dice: Dice) -> None:
    """Pupil premium to the hardest up from Reception on; the next hardest have the newer free meals alone."""
    school = [draft for draft in drafts if draft.child.year >= 0]
    score = {id(d): d.household.hardship + 1.2 * d.child.year + 3 * dice.bell() for d in school}
    ranked = sorted(school, key=lambda d: -score[id(d)])
    premium = round(PUPIL_PREMIUM * len(school))
    expanded = round(EXPANDED_MEALS * len(school)) if today >= EXPANDED_FROM else 0
    for place, draft in enumerate(ranked[: premium + expanded]):
        draft.fsm6 = place < premium
        draft.fsm = "expanded" if place >= premium else ("targeted" if dice.chance(0.86) else "")


def _mark(drafts: Sequence[Draft], share: float, can: Callable[[Draft], bool], name: str, dice: Dice) -> None:
    """Set a flag on this share of the school, at least one child, among those who can have it."""
    able = dice.shuffled(draft for draft in drafts if can(draft))
    for draft in able[: max(1, round(share * len(drafts)))]:
        setattr(draft, name, True)


def _give_sen(drafts: Sequence[Draft], dice: Dice) -> None:
    def score(draft: Draft) -> float:
        summer_born = (draft.child.born.month - 9) % 12 / 11
        return (
            1.3 * dice.bell()
            + 0.6 * (draft.child.sex == "M")
            + 0.6 * draft.pupil_premium
            + 0.8 * draft.looked_after
            + 0.4 * summer_born
            + 0.12 * max(draft.child.year, -2)
        )

    scores = {id(draft): score(draft) for draft in drafts}
    ranked = sorted(drafts, key=lambda draft: -scores[id(draft)])
    plans, support = round(EHC_PLAN * len(drafts)), round(SEN_SUPPORT * len(drafts))
    helped = dice.shuffled(ranked[: plans + support])
    for draft in helped:
        draft.sen = "K"
    for draft in sorted(helped, key=lambda d: -scores[id(d)] - 2 * dice.random())[:plans]:
        draft.sen = "E"


def facts_of(draft: Draft, today: date, dice: Dice) -> tuple[Fact, ...]:
    """What the school's record says of a child, each from a day on; nothing begins after `today`."""
    start = draft.joined_on
    facts = [
        Fact("sex", draft.child.sex, "admission form", start),
        Fact("ethnicity", draft.ethnicity, "parent", start),
        Fact("language", draft.language, "parent", start),
        *_sen_facts(draft.sen, start, today, dice),
        *_meal_facts(draft, start, today, dice),
    ]
    if draft.pupil_premium:
        facts.append(Fact("pupil_premium", "yes", "pupil premium file", start))
    if draft.looked_after:
        facts.append(Fact("looked_after", "yes", "local authority", start))
    if draft.service_child:
        facts.append(Fact("service_child", "yes", "parent", start))
    if draft.young_carer:
        facts.append(Fact("young_carer", "yes", "school", start))
    return tuple(facts)


def _sen_facts(sen: str, start: date, today: date, dice: Dice) -> list[Fact]:
    """None at first, then support, then for some a plan; a change lies half a year back at least, or at joining."""
    half_year_ago = today - timedelta(days=200)
    steps = {"N": ["N"], "K": ["N", "K"], "E": ["K", "E"]}[sen]
    change = dice.day_between(start, half_year_ago)
    if len(steps) == 1 or change <= start:
        return [Fact("sen", sen, "SENCO", start)]
    day_before = change - timedelta(days=1)
    return [
        Fact("sen", steps[0], "SENCO", start, day_before),
        Fact("sen", steps[1], "SENCO", change),
    ]


def _meal_facts(draft: Draft, start: date, today: date, dice: Dice) -> list[Fact]:
    facts = []
    if draft.fsm6:
        facts.append(Fact("fsm6", "yes", "school census", start))
        ended = None if draft.fsm else dice.day_between(start, today - timedelta(days=30))
        facts.append(Fact("fsm", "targeted", "eligibility check", start, ended))
    elif draft.fsm:
        facts.append(Fact("fsm", "expanded", "eligibility check", max(start, EXPANDED_FROM)))
    return facts
