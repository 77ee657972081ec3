"""The live school that the browser tests share, and the browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.door_modules import Door
from tests.e2e.school import LiveSchool, run_booking, school_environment, start_school
from tests.services import chromium_path

PUPILS = "120"
SEED = "7"


@pytest.fixture(scope="session")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSchool]:
    """A demo school with its history, running."""
    env = school_environment(tmp_path_factory.mktemp("school"))
    for arguments in (("db", "upgrade"), ("demo", "--pupils", PUPILS, "--seed", SEED, "--bookings", "--now")):
        done = run_booking(env, *arguments)
        assert done.returncode == 0, done.stderr
    live = start_school(env)
    yield live
    live.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), headless=True)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the journeys leave a picture of each page that they saw."""
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def modules(chromium: Browser) -> Iterator[Page]:
    """One page for all tests of this file."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def door(modules: Page) -> Iterator[Door]:
    """The door's modules with nothing kept."""
    modules.unroute_all()
    found = Door(modules)
    yield found
    found.run(
        """await new Promise((yes) => {
             const asked = indexedDB.deleteDatabase("registers");
             asked.onsuccess = asked.onerror = yes;
           });"""
    )
