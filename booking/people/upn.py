"""Unique pupil numbers: a check letter and twelve characters that say where and when the number was given.

A UPN is the letter, three figures for the local authority, four for the school, two for the year and three for the
child; the last may be a letter in a temporary number. Whether the authority exists is not asked: lists of them age.
"""

from __future__ import annotations

import re

CHECK_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
"""The 23 letters that can check a number or end a temporary one: no I, O or S, which look like figures."""

_TWELVE = re.compile(rf"[0-9]{{11}}[0-9{CHECK_LETTERS}]")


def upn_check_letter(upn12: str) -> str:
    """The letter that belongs before these twelve characters: weights 2 to 13, remainder by 23.

    Raises `ValueError` for anything but eleven figures and a figure or check letter.
    """
    if not _TWELVE.fullmatch(upn12):
        raise ValueError("a UPN has eleven figures and then a figure or a letter after its first letter")
    values = [CHECK_LETTERS.index(sign) if sign in CHECK_LETTERS else int(sign) for sign in upn12]
    return CHECK_LETTERS[sum(weight * value for weight, value in enumerate(values, start=2)) % 23]


def upn_problem(upn: str) -> str | None:
    """What is wrong with a UPN, in words for the office, or None; small letters and blanks are wrong too."""
    if len(upn) != 13:
        return f"A UPN has 13 characters; this one has {len(upn)}."
    if upn[0] not in CHECK_LETTERS:
        return f"A UPN begins with one of the letters {CHECK_LETTERS}."
    if not _TWELVE.fullmatch(upn[1:]):
        return (
            "After its first letter a UPN has 12 figures; only the last may be a letter, in a temporary one."
        )
    right = upn_check_letter(upn[1:])
    if right != upn[0]:
        return f"The first letter does not fit the figures: it would be {right}. A figure may be mistyped."
    return None


def tidy_upn(text: str) -> str:
    """A UPN as typed or exported, without blanks and in capital letters."""
    return re.sub(r"\s+", "", text).upper()


def is_temporary_upn(upn: str) -> bool:
    """Whether a sound UPN is a temporary one, which a permanent one will replace."""
    return upn[-1:].isalpha()
