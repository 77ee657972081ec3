"""Cells of the CSV files that we write: a text that a spreadsheet would take for a formula is made a text again."""

from __future__ import annotations

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
"""What a formula can begin with, full-width signs among them (OWASP, ASVS 5.0.0 1.2.10)."""


def safe_cell(value: object) -> object:
    """A number stays a number, so that -3 can be summed; a text with a dangerous first sign gets an apostrophe."""
    if isinstance(value, str) and value.startswith(DANGEROUS):
        return f"'{value}"
    return value
