"""The code lists of England's school data: ethnicity, first language, SEN, and the words for allergies and diets.

The lists stand in `data/`. An extended ethnicity code rolls up to its main code and that to one of the major groups
of the open data standard, where Chinese is Asian. `edition` says since which list a code is known to be in it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

DATA = Path(__file__).parent / "data"

MAJOR_GROUPS = (
    "Asian / Asian British",
    "Black / African / Caribbean / Black British",
    "Mixed / Multiple ethnic groups",
    "White",
    "Other ethnic group",
    "Unknown",
)
"""In the order of tables: by alphabet, with Other and Unknown last."""

SEN_CODES: Mapping[str, str] = MappingProxyType({"N": "No SEN", "K": "SEN support", "E": "EHC plan"})
_LEGACY_SEN: Mapping[str, str] = MappingProxyType({"S": "E", "A": "K", "P": "K", "Q": "K"})

FOOD_ALLERGENS = (
    "celery",
    "cereals containing gluten",
    "crustaceans",
    "eggs",
    "fish",
    "lupin",
    "milk",
    "molluscs",
    "mustard",
    "peanuts",
    "sesame",
    "soya",
    "sulphites",
    "tree nuts",
)
"""The 14 allergens that food law in the United Kingdom names; other allergies are written in words."""

DIETS = ("halal", "kosher", "vegetarian", "vegan", "no pork", "no beef")
"""The diets with a word of their own; others are written in words."""

_ENGLISH = frozenset({"ENG", "ENB"})
_NO_LANGUAGE = frozenset({"", "?", "NOT", "REF"})


@dataclass(frozen=True)
class EthnicityCode:
    """One code of the ethnicity list with the code and the major group that it rolls up to."""

    code: str
    description: str
    main_code: str
    major_group: str
    edition: str


@cache
def ethnicity_codes() -> Mapping[str, EthnicityCode]:
    """Every known ethnicity code."""
    return MappingProxyType({row["code"]: EthnicityCode(**row) for row in _rows("ethnicity_codes.csv")})


@cache
def language_names() -> Mapping[str, str]:
    """The common three-letter language codes and their names; others exist and are to be taken as they come."""
    return MappingProxyType({row["code"]: row["name"] for row in _rows("language_codes.csv")})


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def major_group(code: str) -> str | None:
    """The major group of an ethnicity code ("Unknown" for refused or not obtained); None if there is no such code."""
    known = ethnicity_codes().get(code.strip().upper())
    return known.major_group if known else None


def is_eal(language: str) -> bool | None:
    """Whether a first language other than English; None when unknown, which is never counted as a no.

    English, known or believed, is not EAL; refused, not obtained and blank are unknown; any other code is EAL.
    """
    code = language.strip().upper()
    if code in _NO_LANGUAGE:
        return None
    return code not in _ENGLISH


def language_name(code: str) -> str:
    """A language in words; a code of four letters is a kind of the language of its first three, others stay codes."""
    wanted = code.strip().upper()
    names = language_names()
    return names.get(wanted) or names.get(wanted[:3]) or wanted


def sen_code(code: str) -> str | None:
    """N, K or E for a present or legacy code of SEN provision; None for anything else.

    A statement (S) became a plan, School Action and its kin (A, P, Q) became SEN support.
    """
    wanted = code.strip().upper()
    return wanted if wanted in SEN_CODES else _LEGACY_SEN.get(wanted)


@cache
def _ethnicities_by_words() -> Mapping[str, str]:
    return {_plain(known.description): known.code for known in ethnicity_codes().values()}


@cache
def _languages_by_words() -> Mapping[str, str]:
    return {_plain(name): code for code, name in language_names().items()}


def find_ethnicity(text: str) -> str | None:
    """The code that a cell of an export means, given as a code or in the list's words; None if it is neither."""
    code = text.strip().upper()
    return code if code in ethnicity_codes() else _ethnicities_by_words().get(_plain(text))


def find_language(text: str) -> str | None:
    """The code that a cell of an export means: a known code, its name, or any other code of three or four letters."""
    named = _languages_by_words().get(_plain(text))
    code = text.strip().upper()
    if named or code in language_names():
        return named or code
    looks_like_code = code.isascii() and code.isalpha() and len(code) in {3, 4} and text.strip() == code
    return code if looks_like_code else None


def _plain(words: str) -> str:
    return "".join(sign for sign in words.casefold() if sign.isalnum())
