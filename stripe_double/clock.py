"""The double's clock honours the same offset as every other process of the school."""

from __future__ import annotations

import os
import re
import time

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def now() -> int:
    """Seconds since 1970, shifted by BOOKING_CLOCK_OFFSET."""
    match = re.fullmatch(r"\s*([+-]?\d+)\s*([smhd]?)\s*", os.environ.get("BOOKING_CLOCK_OFFSET") or "0")
    return int(time.time()) + (int(match[1]) * UNITS[match[2]] if match else 0)
