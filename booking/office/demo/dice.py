"""Chance that falls the same way on every machine and Python version: it stands on `random.Random.random` alone.

Floats are added with `math.fsum`: what `sum` makes of them has changed between versions.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TypeVar

Thing = TypeVar("Thing")


class Dice:
    """A stream of chance named by what it is for, so that a change in one part leaves the others as they were."""

    def __init__(self, *names: object) -> None:
        self.random = random.Random("/".join(map(str, names))).random

    def chance(self, share: float) -> bool:
        """Yes, with this share (0 to 1)."""
        return self.random() < share

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self.random() * (high - low + 1))

    def day_between(self, first: date, last: date) -> date:
        """A day from `first` to `last`, both included; `first` when they are the wrong way round."""
        return first + timedelta(days=self.between(0, max(0, (last - first).days)))

    def pick(self, things: Sequence[Thing]) -> Thing:
        """One of these, each as likely."""
        return things[int(self.random() * len(things))]

    def weighted(self, things: Sequence[tuple[Thing, float]]) -> Thing:
        """One of these, as likely as its weight."""
        point = self.random() * math.fsum(weight for _, weight in things)
        for thing, weight in things:
            point -= weight
            if point < 0:
                return thing
        return things[-1][0]

    def bell(self) -> float:
        """A number about 0 with spread 1, nearly normal, between -6 and 6."""
        return math.fsum(self.random() for _ in range(12)) - 6

    def shuffled(self, things: Iterable[Thing]) -> list[Thing]:
        """The same things in another order."""
        found = list(things)
        for last in range(len(found) - 1, 0, -1):
            other = int(self.random() * (last + 1))
            found[last], found[other] = found[other], found[last]
        return found

    def spread(self, shares: Sequence[float]) -> list[bool]:
        """A yes or no for each share, so that the yeses so far never stray by one from the sum of the shares so far."""
        total, answers = self.random(), []
        for share in shares:
            before, total = total, total + share
            answers.append(int(total) > int(before))
        return answers

    def dealt(self, shares: Sequence[tuple[Thing, float]], count: int) -> list[Thing]:
        """`count` things in these proportions (within one of each), shuffled."""
        whole = math.fsum(weight for _, weight in shares)
        deck: list[Thing] = []
        total = self.random()
        for thing, weight in shares:
            before, total = total, total + weight * count / whole
            deck += [thing] * (int(total + 1e-9) - int(before + 1e-9))
        deck += [shares[0][0]] * (count - len(deck))
        return self.shuffled(deck[:count])
