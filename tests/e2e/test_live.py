"""The office's live page in a browser: figures and alarms move without loading, and it says when it cannot look.

Werkzeug's own server stands in here, so that the clock can be set; with it Flask-Compress leaves style sheets to the
garbage collector, which warns.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from booking.core.db import db
from tests.browser import Browser as Client
from tests.builders import a_user
from tests.registers.afternoons import an_afternoon, at, mark

WAITS = 20_000


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The app of this test, served on this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


def _figure(page: Page, key: str, value: str) -> None:
    expect(page.locator(f'[data-figure="{key}"]').first).to_have_text(value, timeout=WAITS)


@pytest.mark.timeout(180)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_figures_and_alarms_move_without_loading_the_page(
    app: Flask, address: str, chromium: Browser
) -> None:
    afternoon = an_afternoon(2)
    with time_machine.travel(at(15, 35), tick=True) as clock:
        cookie = Client(app).sign_in(a_user("manager")).client.get_cookie("session")
        assert cookie is not None
        context = chromium.new_context(viewport={"width": 360, "height": 780})
        context.add_cookies([{"name": "session", "value": cookie.value, "url": address}])
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{address}/registers/live")
        page.evaluate("window.isTheSamePage = true")
        _figure(page, "on-site", "0")
        expect(page.locator("[data-no-alarms]")).to_be_visible()
        mark(afternoon.chess, afternoon.ids[0], "arrived", at(15, 35))
        db.session.rollback()
        _figure(page, "on-site", "1")
        clock.move_to(at(15, 41))
        _figure(page, "alarms", "1")
        expect(page.locator(".alarm")).to_contain_text("Booked but not here")
        expect(page.locator("[data-no-alarms]")).to_be_hidden()
        mark(afternoon.chess, afternoon.ids[1], "arrived", at(15, 41))
        db.session.rollback()
        _figure(page, "alarms", "0")
        assert page.evaluate("window.isTheSamePage") is True
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        context.set_offline(True)
        expect(page.locator("[data-live]")).to_contain_text("No connection", timeout=WAITS)
        assert problems == []
        context.close()
