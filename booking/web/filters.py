"""Gives every template the product's one way of writing money, days, hours and counts."""

from __future__ import annotations

from flask import Flask

from booking.core.words import WORDS


def register_filters(app: Flask) -> None:
    """Make the words of core known to every template as filters."""
    app.jinja_env.filters.update(WORDS)
