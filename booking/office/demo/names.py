"""Invented people's names and what goes with them, by the communities of an English city; the lists stand in `data/`.

A community's share is of a thousand pupils; `eal`, `large` and diets are percentages; `hardship` is a score, 0 being
the school's middle. Pools of forenames and surnames are shared by communities that share names.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from booking.office.demo.dice import Dice

DATA = Path(__file__).parent / "data"

Weighted = tuple[tuple[str, float], ...]

_LETTERS = str.maketrans(
    {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ø": "o", "ß": "ss", "æ": "ae", "ı": "i", "’": "", "'": ""}
)


@dataclass(frozen=True)
class Community:
    """Families with a heritage in common: their names, codes, languages and habits, as shares."""

    key: str
    share: float
    pools: tuple[str, ...]
    ethnicities: Weighted
    languages: Weighted
    eal: float
    hardship: float
    large: float
    diets: Weighted


def rows(name: str) -> list[dict[str, str]]:
    """The lines of a data file of the demo by its column names."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _weighted(text: str) -> Weighted:
    pairs = (part.rsplit(":", 1) for part in text.split("|") if part)
    return tuple((name, float(weight)) for name, weight in pairs)


@cache
def communities() -> tuple[Community, ...]:
    """Every community, the largest first as in the file."""
    return tuple(
        Community(
            row["key"],
            float(row["share"]),
            tuple(row["pools"].split("+")),
            _weighted(row["ethnicity"]),
            _weighted(row["languages"]),
            float(row["eal"]) / 100,
            float(row["hardship"]),
            float(row["large"]) / 100,
            tuple((diet, share / 100) for diet, share in _weighted(row["diets"])),
        )
        for row in rows("communities.csv")
    )


@cache
def forenames(pool: str, sex: str, generation: str) -> tuple[str, ...]:
    """The forenames of a pool for `F` or `M`, and for a `child` or an `adult`."""
    found = [
        name
        for row in rows("forenames.csv")
        if row["pool"] == pool and row["sex"] == sex and row["generation"] in {generation, "both"}
        for name in row["names"].split("|")
    ]
    return tuple(found)


@cache
def surnames(pool: str) -> tuple[str, ...]:
    """The surnames of a pool; one with a slash has a form for men and one for women."""
    return tuple(
        name for row in rows("surnames.csv") if row["pool"] == pool for name in row["names"].split("|")
    )


def surname_for(surname: str, sex: str) -> str:
    """The form that a surname takes for `F` or `M`."""
    man, _, woman = surname.partition("/")
    return woman if woman and sex == "F" else man


@cache
def _scripts() -> Mapping[tuple[str, str], str]:
    return {(row["pool"], row["latin"]): row["written"] for row in rows("scripts.csv")}


@cache
def short_names() -> Mapping[str, str]:
    """Forenames with the short name that some children go by."""
    return {row["forename"]: row["short"] for row in rows("short_names.csv")}


def in_script(pool: str, name: str) -> str | None:
    """A name in the script that the family writes, if the lists have it."""
    return _scripts().get((pool, name))


def full_name_in_script(pool: str, forename: str, surname: str) -> str | None:
    """Both names in the family's script, the surname first in Chinese; None unless both are in the lists."""
    first, last = in_script(pool, forename), in_script(pool, surname)
    if first is None or last is None:
        return None
    return last + first if pool == "chinese" else f"{first} {last}"


def a_forename(dice: Dice, pool: str, sex: str, generation: str, taken: set[str]) -> str:
    """A forename that nobody in `taken` has, as long as the pool has one."""
    every = forenames(pool, sex, generation)
    return dice.pick([name for name in every if name not in taken] or every)


def plain(name: str) -> str:
    """A name in small unaccented letters, for an address."""
    split = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return "".join(sign for sign in split.lower() if sign.isascii() and sign.isalnum())
