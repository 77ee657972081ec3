"""Which passwords are refused: too short, too long, or among those that thieves try first.

No rules about kinds of letters. The list of 30,000 passwords from breaches and the judgement of patterns (names,
keyboard rows, years put behind a word) come with zxcvbn, so nothing is asked of the network.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from booking.core.errors import BookingError

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128
FEWEST_GUESSES = 10**8
FEWEST_OWN_LETTERS = 8
"""What must be left of a password when the words close to its owner are taken out of it."""
JUDGED = 72
"""zxcvbn looks at so many characters; what is longer is hard to guess anyway, unless it repeats itself."""
BREACHED = frozenset(FREQUENCY_LISTS["passwords"])
HOUSE_WORDS = ("eight till six", "eighttillsix", "booking", "breakfast", "club", "school", "password")


class WeakPassword(BookingError):
    """The new password is too short, too long or easily guessed; what helps is named."""


def check_new_password(password: str, *, about: Collection[str] = ()) -> None:
    """Raise `WeakPassword` for what must not be a password; `about` holds the owner's name, address, school."""
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword(f"Use at least {SHORTEST_PASSWORD} characters. Three or four words work well.")
    if len(password) > LONGEST_PASSWORD:
        raise WeakPassword(f"Use at most {LONGEST_PASSWORD} characters.")
    if is_easily_guessed(password, about=about):
        raise WeakPassword(
            "Thieves try passwords like this one first. "
            "Choose three or four words that do not belong together."
        )


def is_easily_guessed(password: str, *, about: Collection[str] = ()) -> bool:
    """True for a password on the list of breached ones, one that 100 million guesses find, or one's own words."""
    if password.lower() in BREACHED:
        return True
    parts = [part for text in (*about, *HOUSE_WORDS) for part in re.split(r"[^\w]+", text.casefold())]
    words = sorted({part for part in parts if len(part) > 2}, key=len, reverse=True)
    rest = password.casefold()
    for word in words:
        rest = rest.replace(word, "")
    if len(rest) < len(password) and len(re.sub(r"\W", "", rest)) < FEWEST_OWN_LETTERS:
        return True
    return int(zxcvbn(password[:JUDGED], user_inputs=words)["guesses"]) < FEWEST_GUESSES
