"""A printer on this machine, and a school on paper with one child in chess."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.registers.ipp_printer import Tray, a_printer
from tests.registers.paper_school import PaperSchool, a_paper_school, booked


@pytest.fixture
def tray() -> Iterator[Tray]:
    """A printer on this machine."""
    with a_printer() as found:
        yield found


@pytest.fixture
def chess_school(app: Flask) -> PaperSchool:
    """A child in chess."""
    made = a_paper_school(1, class_name="Oak")
    booked(made, 0, "chess")
    return made
