"""What a rule that decides about a child (a price, a place, an earlier window) may know: entitlements alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from booking.people.group_facts import facts_at


def entitlements_at(on: date, *, pupil_ids: Collection[int]) -> Mapping[int, Mapping[str, str]]:
    """Facts held for entitlement (free school meals, pupil premium, SEN ...) at a day, by pupil and kind.

    Facts held for monitoring are not read, so ethnicity, language and sex cannot come into a decision.
    """
    return facts_at(on, purpose="entitlement", pupil_ids=pupil_ids)
