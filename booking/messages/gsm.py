"""The letters that one text message of 160 can carry (GSM 03.38); a single other one makes it 70 and costs double."""

from __future__ import annotations

import unicodedata

LONGEST = 160
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWO_PLACES = frozenset("^{}\\[~]|€")
LIKE = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "ł": "l", "Ł": "L", "đ": "d"}
)


def to_gsm(text: str) -> str:
    """The same words in those letters: curly marks straight, accents off where they must be, `?` for what has no like."""
    return "".join(_letter(sign) for sign in unicodedata.normalize("NFC", text.translate(LIKE)))


def _letter(sign: str) -> str:
    if sign in BASIC or sign in TWO_PLACES:
        return sign
    plain = "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
    return plain if plain and set(plain) <= BASIC else "?"


def gsm_length(text: str) -> int:
    """How many of the 160 a text takes up."""
    return len(text) + sum(sign in TWO_PLACES for sign in text)
