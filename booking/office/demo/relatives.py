"""The grown-ups of a family: who they are to which child, who is billed, and whom the school rings."""

from __future__ import annotations

from dataclasses import dataclass, field

from booking.office.demo.dice import Dice
from booking.office.demo.families import Household
from booking.office.demo.names import a_forename, full_name_in_script, plain, surname_for, surnames
from booking.office.demo.records import DemoAccount, DemoAdult, DemoContact, Tie

DOMAIN = "demo.example"
EVERY_DAY = (0, 1, 2, 3, 4)
DAYS_APART = (((0, 1), (2, 3, 4)), ((0, 1, 2), (3, 4)), ((0, 2, 4), (1, 3)), (EVERY_DAY, ()))
"""How separated parents share the week; with an empty half the second has weekends, and may book any day."""

NO_EMAIL = 0.05
_OTHERS = (
    ("grandmother", "F"),
    ("grandfather", "M"),
    ("aunt", "F"),
    ("uncle", "M"),
    ("neighbour", "F"),
    ("friend", "M"),
)

_RELATIONS = {"grandparents": ("grandmother", "grandfather"), "foster": ("foster carer", "foster carer")}


@dataclass
class Person:
    """A grown-up being made; `surname` is as the list has it."""

    forename: str
    surname: str
    sex: str
    pool: str
    relationship: str


@dataclass
class Grown:
    """All grown-ups of the school so far, with the addresses that are taken."""

    adults: list[DemoAdult] = field(default_factory=list)
    accounts: list[DemoAccount] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    contacts: list[DemoContact] = field(default_factory=list)
    addresses: dict[str, int] = field(default_factory=dict)


def a_phone(dice: Dice) -> str:
    """A number that Ofcom keeps for drama, so that it rings nobody: mobile, or now and then a landline."""
    if dice.chance(0.9):
        return f"07700 900{dice.between(0, 999):03}"
    return f"01632 960{dice.between(0, 999):03}"


def make_people(household: Household, dice: Dice) -> list[Person]:
    """The one or two grown-ups whom the children live with or go between, the first the one who fills in forms."""
    pools = dice.shuffled(household.community.pools)
    first, second = pools[0], pools[-1]
    form = household.form
    shared = dice.pick(surnames(second))
    own = dice.pick(surnames(first))
    one_is, two_is = _RELATIONS.get(form, ("mother", "father"))
    sexes = ["F", "M"]
    if form == "together" and dice.chance(0.03):
        sexes = ["F", "F"] if dice.chance(0.6) else ["M", "M"]
        one_is = two_is = "mother" if sexes[0] == "F" else "father"
    apart = form in {"separated", "lone"} or first != second
    one = Person(a_forename(dice, first, sexes[0], "adult", set()), "", sexes[0], first, one_is)
    one.surname = own if dice.chance(0.7 if apart else 0.2) else shared
    two = Person(
        a_forename(dice, second, sexes[1], "adult", {one.forename}), shared, sexes[1], second, two_is
    )
    if form == "lone":
        return [one] if dice.chance(0.9) else [two]
    if form in {"grandparents", "foster"} and dice.chance(0.4):
        return [one]
    return [one, two] if dice.chance(0.85) else [two, one]


def settle(
    family: int,
    form: str,
    people: list[Person],
    pupils: list[int],
    shares: list[bool],
    grown: Grown,
    dice: Dice,
) -> None:
    """Enter a family's grown-ups: adults, accounts, ties and contacts; `shares` says which child is the second's too."""
    has_email = form == "separated" or not dice.chance(NO_EMAIL)
    first, account = len(grown.adults), len(grown.accounts)
    accounts = _accounts_of(form, len(people), account, dice)
    for person, own in zip(people, accounts, strict=True):
        surname = surname_for(person.surname, person.sex)
        script = full_name_in_script(person.pool, person.forename, surname) if dice.chance(0.7) else None
        grown.adults.append(
            DemoAdult(
                key=len(grown.adults),
                family=family,
                name=f"{person.forename} {surname}",
                name_in_script=script,
                email=_address(person.forename, surname, grown) if has_email else None,
                phone=a_phone(dice),
                account=own,
            )
        )
    adults = grown.adults[first:]
    week = dice.pick(DAYS_APART) if form == "separated" else (EVERY_DAY,)
    for key, weekdays in enumerate(week, start=account):
        members = [adult for adult in adults if adult.account == key]
        holders = tuple(adult.key for adult in members if adult.signs_in)
        grown.accounts.append(DemoAccount(key, family, members[0].name, holders, weekdays))
    for pupil, is_shared in zip(pupils, shares, strict=True):
        _tie(form, people, adults, pupil, is_shared, grown, dice)


def _accounts_of(form: str, people: int, first: int, dice: Dice) -> list[int | None]:
    """Whose account each grown-up holds: one each when apart, else one that a second may share or not."""
    if people == 1:
        return [first]
    if form == "separated":
        return [first, first + 1]
    return [first, first if dice.chance(0.35) else None]


def _tie(
    form: str,
    people: list[Person],
    adults: list[DemoAdult],
    pupil: int,
    is_shared: bool,
    grown: Grown,
    dice: Dice,
) -> None:
    """Tie the grown-ups to one child, and enter whom to ring: them, and one or two others."""
    priority = 1
    for person, adult in zip(people, adults, strict=True):
        relationship = person.relationship
        if adult is not adults[0] and not is_shared:
            if form == "separated":
                continue
            relationship = "stepfather" if person.sex == "M" else "stepmother"
        responsibility = _responsibility(form, relationship, dice)
        grown.ties.append(
            Tie(adult.key, pupil, relationship, responsibility, adult.account is not None, True)
        )
        grown.contacts.append(
            DemoContact(
                pupil, adult.name, relationship, adult.phone, adult.email, priority, responsibility, True
            )
        )
        priority += 1
    for place in range(priority, 4 if priority < 3 or dice.chance(0.5) else 3):
        relationship, sex = dice.pick(_OTHERS)
        pool = people[0].pool
        name = f"{a_forename(dice, pool, sex, 'adult', set())} {surname_for(dice.pick(surnames(pool)), sex)}"
        grown.contacts.append(
            DemoContact(pupil, name, relationship, a_phone(dice), None, place, "no", dice.chance(0.7))
        )


def _responsibility(form: str, relationship: str, dice: Dice) -> str:
    """Parental responsibility as offices have it: mothers yes, fathers mostly, a foster carer never."""
    if form == "foster" or relationship.startswith("step"):
        return "no"
    if form == "grandparents":
        return "yes" if dice.chance(0.5) else "not_known"
    if relationship == "mother":
        return "yes" if dice.chance(0.97) else "not_known"
    return dice.weighted((("yes", 0.8), ("not_known", 0.17), ("no", 0.03)))


def _address(forename: str, surname: str, grown: Grown) -> str:
    """An address of its own in a domain that can reach nobody."""
    name = f"{plain(forename)}.{plain(surname)}"
    grown.addresses[name] = count = grown.addresses.get(name, 0) + 1
    return f"{name}{count if count > 1 else ''}@{DOMAIN}"
