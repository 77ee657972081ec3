"""How a page at the door is looked at: its faults, its targets and its weight."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.people import TAGS


def look(page: Page, picture: Path) -> None:
    """No accessibility fault, no sideways scrolling, nothing to press that is smaller than a thumb needs."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert found.violations_count == 0, found.generate_report()
    page.screenshot(path=picture)
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1] + 1
    small = page.evaluate(
        """() => [...document.querySelectorAll("[data-door] :is(button, input)")]
          .map((one) => [one.textContent || one.id, one.getBoundingClientRect()])
          .filter(([, box]) => box.width && (box.width < 43.5 || box.height < 43.5))
          .map(([words, box]) => `${words} ${box.width} by ${box.height}`)"""
    )
    assert small == []


def count_bytes(page: Page) -> dict[str, int]:
    """What the page itself fetches over the wire, by address, head and body, without what the worker fetches."""
    wire, sizes, names = page.context.new_cdp_session(page), {}, {}
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    wire.on(
        "Network.requestWillBeSent", lambda said: names.update({said["requestId"]: said["request"]["url"]})
    )
    wire.on(
        "Network.loadingFinished",
        lambda said: sizes.update({names.get(said["requestId"], "?"): int(said["encodedDataLength"])}),
    )
    return sizes
