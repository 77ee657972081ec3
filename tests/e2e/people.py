"""People of the story at a browser: they sign in, look at each page at two widths, and leave pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.school import LiveSchool

WIDTHS = (360, 1280)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass
class Visitor:
    """One person at one browser; `look` is called on every page of the journey."""

    school: LiveSchool
    context: BrowserContext
    page: Page
    pictures: Path
    runs_scripts: bool = True
    seen: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open an address of the school and look at it."""
        self.page.goto(self.school.url + path)
        self.look()

    def sign_in(self, email: str, password: str) -> None:
        """Sign in through the page."""
        self.go("/login")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "/login" not in url)
        self.look()

    def press(self, name: str, *, exact: bool = False) -> None:
        """Press a button by its words, and look at what comes."""
        self.page.get_by_role("button", name=name, exact=exact).first.click()
        self.page.wait_for_load_state()
        self.look()

    def follow(self, name: str) -> None:
        """Follow a link by its words, and look at what comes."""
        self.page.get_by_role("link", name=name).first.click()
        self.page.wait_for_load_state()
        self.look()

    def _look_with_scripts(self, width: int) -> None:
        """Without scripts the checker cannot run on this page: it looks at the same address with the same cookies."""
        page = _twin(self.context)
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(self.page.url)
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
        assert found.violations_count == 0, f"{page.url} at {width}: {found.generate_report()}"
        page.context.close()

    def look(self) -> None:
        """No accessibility fault and no sideways scrolling at phone and desk width; a picture of each."""
        name = self.page.url.split("?")[0].rsplit("/", 2)[-2:]
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            if not self.runs_scripts:
                self._look_with_scripts(width)
            else:
                found = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": TAGS}})
                assert found.violations_count == 0, f"{self.page.url} at {width}: {found.generate_report()}"
                wide = self.page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width + 1, f"{self.page.url} is {wide} wide at {width}"
            path = self.pictures / f"{len(self.seen):02d}-{'-'.join(name)}-{width}.png"
            self.page.screenshot(path=path, full_page=True)
        self.seen.append(self.page.url)


def _twin(context: BrowserContext) -> Page:
    """The same person at a browser that runs scripts, for the checker, which is one."""
    browser = context.browser
    assert browser is not None
    return browser.new_context(storage_state=context.storage_state()).new_page()


def visit(browser: Browser, school: LiveSchool, pictures: Path, **options: Any) -> Visitor:
    """A new person with an empty cookie jar."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/London", **options)
    context.set_default_timeout(15_000)
    return Visitor(school, context, context.new_page(), pictures, options.get("java_script_enabled", True))
