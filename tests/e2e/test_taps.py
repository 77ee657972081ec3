"""Two children, five days, twelve weeks: how many taps and pages it takes on a phone, with JavaScript and without."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator

from tests.e2e.people import Visitor, visit
from tests.e2e.school import LiveSchool

pytestmark = pytest.mark.browser

MOST_TAPS = 12
MOST_PAGES = 2


class Counted:
    """A visitor whose taps and page loads are counted."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.taps, self.pages = visitor, 0, 0
        visitor.page.on("load", self._loaded)

    def _loaded(self, _: object) -> None:
        self.pages += 1

    def tap(self, what: Locator) -> None:
        """One tap, on what must be in reach."""
        what.click()
        self.taps += 1


@pytest.fixture(scope="module")
def long_run(school: LiveSchool) -> dict[str, Any]:
    """Twelve weeks of one activity, for two families."""
    found: dict[str, Any] = school.python(
        "from tests.e2e.plan import a_long_run\nprint(json.dumps(a_long_run()))"
    )
    return found


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_twelve_weeks_for_two_children_from_a_phone(
    school: LiveSchool,
    chromium: Browser,
    pictures: Path,
    long_run: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    scripts: bool,
) -> None:
    family = long_run["families"][0 if scripts else 1]
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    parent = visit(chromium, school, pictures, java_script_enabled=scripts, **phone)
    parent.sign_in(family["email"], family["password"])
    parent.go(f"/book?week={long_run['monday']}")
    parent.page.set_viewport_size(phone["viewport"])  # type: ignore[arg-type]
    page, counted = parent.page, Counted(parent)
    first, second = family["pupils"]
    for session in long_run["sessions"]:
        counted.tap(page.locator(f"label[for='pick-{first['id']}-{session}']"))
    counted.tap(page.get_by_text("Every week", exact=True))
    counted.tap(page.get_by_text("A day that I choose"))
    last = date.fromisoformat(long_run["last"])
    page.get_by_label("The day on which it ends").fill(last.isoformat())
    counted.taps += 1
    counted.tap(page.get_by_role("group", name="Same for").get_by_text(second["first"], exact=True))
    counted.tap(page.get_by_role("button", name="Keep these places"))
    page.get_by_role("button", name="Keep all of them").wait_for()
    counted.tap(page.get_by_role("button", name="Keep all of them"))
    page.wait_for_url("**/basket")
    assert "120 places kept for you until" in page.inner_text("main")
    with capsys.disabled():
        print(
            f"\n120 sessions held at 360 px: {counted.taps} taps, {counted.pages} page loads, scripts {scripts}"
        )
    assert counted.taps <= MOST_TAPS
    assert counted.pages <= MOST_PAGES
    parent.look()
    parent.context.close()
