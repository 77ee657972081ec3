"""Rates and gaps with their 95 % intervals: Wilson, Newcombe, Koopman; and Fisher's exact test.

Wilson 1927; Newcombe 1998 (method 10); Koopman 1984 in the form of Gart and Nam 1988. What has no value is None.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, sqrt
from statistics import NormalDist

from booking.core.errors import BookingError

Z = NormalDist().inv_cdf(0.975)
POWER_Z = NormalDist().inv_cdf(0.8)
CRITICAL = Z * Z
FURTHEST_LOG_RATIO = 60.0


class NotAShare(BookingError):
    """Somebody's counts are no share of anything: negative, or more took part than there are."""


def check_share(x: int, n: int, names: tuple[str, str] = ("x", "n")) -> None:
    """Refuse counts that are negative or where more took part than there are."""
    for name, value in zip(names, (x, n), strict=True):
        if value < 0:
            raise NotAShare(f"{name} is {value}: a count cannot be below 0.")
    if x > n:
        raise NotAShare(f"{names[0]} is {x}, more than {names[1]}, which is {n}.")


def wilson(x: int, n: int) -> tuple[float, float] | None:
    """Wilson's score interval for x of n; None when there is nobody."""
    check_share(x, n)
    if n == 0:
        return None
    p = x / n
    centre = p + CRITICAL / (2 * n)
    spread = Z * sqrt(p * (1 - p) / n + CRITICAL / (4 * n * n))
    scale = 1 + CRITICAL / n
    low = 0.0 if x == 0 else max(0.0, (centre - spread) / scale)
    high = 1.0 if x == n else min(1.0, (centre + spread) / scale)
    return low, high


def newcombe(x1: int, n1: int, x2: int, n2: int) -> tuple[float, float] | None:
    """Newcombe's hybrid score interval for x1/n1 - x2/n2; None when either group is empty."""
    first, second = wilson(x1, n1), wilson(x2, n2)
    if first is None or second is None:
        return None
    p1, p2 = x1 / n1, x2 / n2
    (low1, high1), (low2, high2) = first, second
    down = sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2)
    up = sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2)
    return max(-1.0, p1 - p2 - down), min(1.0, p1 - p2 + up)


def _score(x1: int, n1: int, x2: int, n2: int, ratio: float) -> float:
    """The score statistic for the ratio of two rates, at its constrained maximum-likelihood rates."""
    b = ratio * (n1 + x2) + x1 + n2
    c = ratio * (x1 + x2)
    root = sqrt(max(0.0, b * b - 4 * (n1 + n2) * c))
    p1 = min(1.0, ratio, 2 * c / (b + root))
    p2 = min(1.0, p1 / ratio)
    variance = p1 * (1 - p1) / n1 + ratio * ratio * p2 * (1 - p2) / n2
    distance = (x1 / n1 - ratio * x2 / n2) ** 2
    if variance <= 0:
        return 0.0 if distance == 0 else float("inf")
    return distance / variance


def _crossing(over: Callable[[float], float], start: float, step: float) -> float | None:
    """Where `over` (of the logarithm of the ratio) leaves 0 upwards, going from `start` in steps; None if never."""
    from scipy.optimize import brentq

    near, far = start, start + step
    while over(far) < 0:
        near, far = far, far + step
        if abs(far) > FURTHEST_LOG_RATIO:
            return None
    return exp(brentq(over, near, far, xtol=1e-13, rtol=1e-14))


def koopman(x1: int, n1: int, x2: int, n2: int) -> tuple[float | None, float | None]:
    """Koopman's score interval for the ratio (x1/n1) / (x2/n2); an end without a value is None.

    With nobody in the second group's count the upper end is infinite, so None; with nobody in the first, the lower is 0.
    """
    check_share(x1, n1)
    check_share(x2, n2)
    if n1 == 0 or n2 == 0:
        return None, None

    def over(log_ratio: float) -> float:
        return _score(x1, n1, x2, n2, exp(log_ratio)) - CRITICAL

    if x1 == 0 and x2 == 0:
        return 0.0, None
    if x1 == 0:
        return 0.0, _crossing(over, -FURTHEST_LOG_RATIO / 2, 1.0)
    if x2 == 0:
        return _crossing(over, FURTHEST_LOG_RATIO / 2, -1.0), None
    middle = log(x1 * n2) - log(x2 * n1)
    return _crossing(over, middle, -0.5), _crossing(over, middle, 0.5)


def fisher(x1: int, n1: int, x2: int, n2: int) -> float | None:
    """Fisher's exact two-sided p for two shares; None when either group is empty."""
    from scipy.stats import fisher_exact

    check_share(x1, n1)
    check_share(x2, n2)
    if n1 == 0 or n2 == 0:
        return None
    return min(1.0, float(fisher_exact([[x1, n1 - x1], [x2, n2 - x2]]).pvalue))


def smallest_clear_gap(n1: int, n2: int, rate: float) -> float | None:
    """The gap that these numbers would show four times in five, at this overall rate; None when a group is empty."""
    if n1 <= 0 or n2 <= 0:
        return None
    return (Z + POWER_Z) * sqrt(rate * (1 - rate) * (1 / n1 + 1 / n2))


def gap(x1: int, n1: int, x2: int, n2: int) -> dict[str, float | None]:
    """Every statistic of two shares under the names that the command line prints."""
    check_share(x1, n1, ("x1", "n1"))
    check_share(x2, n2, ("x2", "n2"))
    rate1, rate2 = (x1 / n1 if n1 else None), (x2 / n2 if n2 else None)
    low1, high1 = wilson(x1, n1) or (None, None)
    low2, high2 = wilson(x2, n2) or (None, None)
    low, high = newcombe(x1, n1, x2, n2) or (None, None)
    ratio_low, ratio_high = koopman(x1, n1, x2, n2)
    both = rate1 is not None and rate2 is not None
    return {
        "rate1": rate1,
        "rate1_low": low1,
        "rate1_high": high1,
        "rate2": rate2,
        "rate2_low": low2,
        "rate2_high": high2,
        "difference": rate1 - rate2 if rate1 is not None and rate2 is not None else None,
        "difference_low": low,
        "difference_high": high,
        "ratio": (x1 * n2) / (x2 * n1) if both and x2 else None,
        "ratio_low": ratio_low,
        "ratio_high": ratio_high,
        "fisher_p": fisher(x1, n1, x2, n2),
    }
