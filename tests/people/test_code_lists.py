"""The code lists are whole, and roll up as the school census says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.people import code_lists
from booking.people.code_lists import (
    DIETS,
    FOOD_ALLERGENS,
    MAJOR_GROUPS,
    ethnicity_codes,
    find_ethnicity,
    find_language,
    is_eal,
    language_name,
    language_names,
    major_group,
    sen_code,
)


def test_every_ethnicity_code_rolls_up_to_a_main_code_of_its_own_group() -> None:
    codes = ethnicity_codes()
    assert len(codes) >= 102
    assert {known.major_group for known in codes.values()} == set(MAJOR_GROUPS)
    for known in codes.values():
        main = codes[known.main_code]
        assert (main.main_code, main.major_group) == (main.code, known.major_group)


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("WBRI", "White"),
        ("WNIR", "White"),
        ("WROG", "White"),
        ("WIRT", "White"),
        ("MWBC", "Mixed / Multiple ethnic groups"),
        ("MWCH", "Mixed / Multiple ethnic groups"),
        ("AMPK", "Asian / Asian British"),
        ("ASLT", "Asian / Asian British"),
        ("CHKC", "Asian / Asian British"),
        ("BSOM", "Black / African / Caribbean / Black British"),
        ("OKRD", "Other ethnic group"),
        ("OVIE", "Other ethnic group"),
        ("NOBT", "Unknown"),
        ("REFU", "Unknown"),
        (" apkn ", "Asian / Asian British"),
        ("", None),
        ("XXXX", None),
    ],
)
def test_the_major_group_of_a_code(code: str, group: str | None) -> None:
    assert major_group(code) == group


def test_groups_stand_by_alphabet_with_other_and_unknown_last() -> None:
    assert list(MAJOR_GROUPS[:4]) == sorted(MAJOR_GROUPS[:4])
    assert MAJOR_GROUPS[4:] == ("Other ethnic group", "Unknown")


@pytest.mark.parametrize("language", ["ENG", "ENB", " eng "])
def test_english_known_or_believed_is_not_eal(language: str) -> None:
    assert is_eal(language) is False


@pytest.mark.parametrize("language", ["NOT", "REF", "", "  ", "?"])
def test_a_language_nobody_knows_is_neither_eal_nor_not(language: str) -> None:
    assert is_eal(language) is None


def test_every_other_language_is_eal() -> None:
    others = set(language_names()) - {"ENG", "ENB", "NOT", "REF"}
    assert len(others) >= 60
    assert all(is_eal(code) for code in others)
    assert is_eal("BNGS")


def test_a_language_has_a_name_even_as_a_kind_of_one_or_unlisted() -> None:
    assert language_name("PNJ") == "Panjabi"
    assert language_name("CHIM") == "Chinese"
    assert language_name("QQQ") == "QQQ"


@pytest.mark.parametrize(
    ("code", "now"),
    [
        ("N", "N"),
        ("k", "K"),
        ("E", "E"),
        ("S", "E"),
        ("A", "K"),
        ("P", "K"),
        ("Q", "K"),
        ("X", None),
        ("", None),
    ],
)
def test_legacy_sen_codes_become_what_they_are_now(code: str, now: str | None) -> None:
    assert sen_code(code) == now


def test_the_law_names_fourteen_allergens() -> None:
    assert len(FOOD_ALLERGENS) == len(set(FOOD_ALLERGENS)) == 14
    assert list(FOOD_ALLERGENS) == sorted(FOOD_ALLERGENS)
    assert {"halal", "kosher", "vegetarian", "vegan", "no pork", "no beef"} == set(DIETS)


def test_a_cell_may_hold_a_code_or_words() -> None:
    assert find_ethnicity("apkn") == "APKN"
    assert find_ethnicity("White and Black Caribbean") == "MWBC"
    assert find_ethnicity("Martian") is None
    assert find_language("Urdu") == "URD"
    assert find_language("urd") == "URD"
    assert find_language("QUE") == "QUE"
    assert find_language("Klingon") is None


@given(st.text(max_size=12))
def test_no_text_upsets_a_look_up(text: str) -> None:
    assert find_ethnicity(text) is None or find_ethnicity(text) in ethnicity_codes()
    assert is_eal(text) in (True, False, None)
    assert sen_code(text) in (None, "N", "K", "E")
    assert major_group(text) in (None, *MAJOR_GROUPS)
    assert find_language(text) is None or code_lists.language_name(text)
