"""What several files of the office's pages stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from tests.browser import Browser
from tests.builders import AT, a_school, a_user


@pytest.fixture
def manager(app: Flask, browser: Browser) -> Iterator[Browser]:
    """The office signed in at the usual instant, in a school that is set up."""
    a_school()
    with time_machine.travel(AT, tick=False):
        yield browser.sign_in(a_user("manager"))
