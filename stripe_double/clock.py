"""The double's clock: every process of the school honours one offset, and a test may set this one apart from it."""

from __future__ import annotations

import os
import re
import time

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Clock:
    """Seconds since 1970, shifted by BOOKING_CLOCK_OFFSET, and by `ahead` more than the school's own."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        """The double's own instant."""
        match = re.fullmatch(r"\s*([+-]?\d+)\s*([smhd]?)\s*", os.environ.get("BOOKING_CLOCK_OFFSET") or "0")
        return int(time.time()) + self.ahead + (int(match[1]) * UNITS[match[2]] if match else 0)
