"""Words as banks write them: capital letters without accents, apostrophes or figures."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


@lru_cache(maxsize=50_000)
def plain_words(text: str) -> tuple[str, ...]:
    """The words of a text in capital letters without accents: `O'Brien-Łuk` is OBRIEN and LUK."""
    folded = unicodedata.normalize("NFKD", text.replace("Ł", "L").replace("ł", "l"))
    plain = "".join(sign for sign in folded if not unicodedata.combining(sign)).upper()
    return tuple(re.findall(r"[^\W\d_]+", re.sub(r"['’]", "", plain)))


def words_key(text: str) -> str:
    """What stays the same in a payer's lines from month to month: the words without figures."""
    return " ".join(plain_words(text))
