"""Uploads and the fields of the import's pages, for the tests of the office."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

from tests.browser import Browser, Page


def upload(browser: Browser, content: str | bytes, *, expect: int = 302, is_for: str = "roll") -> Page:
    """Choose a file on the import page."""
    content = content.encode() if isinstance(content, str) else content
    fields = {"file": (io.BytesIO(content), "roll.csv"), "is_for": is_for}
    return browser.post("office.imports", fields, expect=expect)


def token_of(page: Page) -> str:
    """The token in the address of a preview or a columns page."""
    assert page.location is not None
    return page.location.removesuffix("/columns").rsplit("/", 1)[1]


def run_of(page: Page) -> int:
    """The number of the run to which a yes leads."""
    assert page.location is not None
    return int(page.location.rsplit("/", 1)[1])


def throw_away(instance: Path) -> None:
    """Forget the uploads of other tests: the folder lasts as long as the process."""
    shutil.rmtree(instance / "imports", ignore_errors=True)
