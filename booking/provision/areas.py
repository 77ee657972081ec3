"""The five areas of the enrichment framework for schools in England, which every club belongs to one of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AREAS: Mapping[str, str] = MappingProxyType(
    {
        "civic": "Taking part in the community",
        "arts_culture": "Arts and culture",
        "nature": "Nature and the outdoors",
        "sport": "Sport and being active",
        "life_skills": "Skills for life",
    }
)
"""Key, as `Activity.area` holds it, and words for people."""
