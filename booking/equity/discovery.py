"""False discovery: what many looks at once do to a single p-value (Benjamini and Hochberg 1995)."""

from __future__ import annotations

from collections.abc import Sequence

from booking.core.errors import BookingError

CLEAR = 0.05


class NotAProbability(BookingError):
    """A p-value lies outside 0 to 1."""


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """The q of each p, in the same order: the smallest p·m/rank over its own and all larger p, at most 1."""
    for place, p in enumerate(p_values, start=1):
        if not 0 <= p <= 1:
            raise NotAProbability(f"p number {place} is {p}: a probability lies between 0 and 1.")
    count = len(p_values)
    q_values = [1.0] * count
    smallest = 1.0
    for rank, index in zip(
        range(count, 0, -1), sorted(range(count), key=lambda i: -p_values[i]), strict=True
    ):
        smallest = min(smallest, p_values[index] * (count / rank))
        q_values[index] = smallest
    return q_values
