"""Whether a name that somebody says at the door may be that of an adult whom a restriction bars.

Errs towards yes: a wrong yes costs a call to the office, a wrong no a child.
"""

from __future__ import annotations

import re
import unicodedata

TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "sir", "rev", "prof"})


def name_words(name: str) -> tuple[str, ...]:
    """A name without accents, titles and what stands in brackets: `Mr José Marsh (father)` is jose, marsh."""
    bare = re.sub(r"\([^)]*\)", " ", name)
    letters = "".join(c for c in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(c))
    words = tuple(re.findall(r"\w+", letters.casefold().replace("’", "").replace("'", "")))
    return tuple(word for word in words if word not in TITLES) or words


def may_be(said: str, name: str) -> bool:
    """Whether both may be one person: all words of one stand in the other, or one surname and one first letter."""
    one, other = name_words(said), name_words(name)
    if not one or not other:
        return False
    if set(one) <= set(other) or set(other) <= set(one):
        return True
    return one[-1] == other[-1] and one[0][0] == other[0][0]
