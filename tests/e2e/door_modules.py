"""The scripts of the door by themselves on a page of Chromium, with a list of answers in place of a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Request, Route

ROOT = Path(__file__).resolve().parents[2]
HOST = "http://localhost:9"
KINDS = {".js": "text/javascript", ".html": "text/html"}
START = """async () => {
  for (const name of ["store", "states", "sync"]) window[name] = await import(`/static/js/door/${name}.js`);
  window.server = sync.makeServer(
    { page: "/page", marks: "/marks", day: "/day/DATE", someday: "DATE" }, () => window.touched ?? Date.now());
  window.aMark = (pupil, more = {}) => store.keepMark({ uid: crypto.randomUUID(), session_id: 1, pupil_id: pupil,
    what: "arrived", at: new Date().toISOString(), detail: null, undoes: null, by: 7, ...more });
  window.open = async () => (await store.keptMarks()).filter(store.isWaiting).map((mark) => mark.pupil_id);
  window.flush = () => server.flush().then((found) => found, (error) => ({ failed: error.constructor.name }));
}"""


class Door:
    """A page with the door's modules on it, and the answers that it gets."""

    def __init__(self, page: Page) -> None:
        self.page, self.asked = page, list[Request]()
        self.answers: Callable[[Request], dict[str, Any] | None] = lambda request: None
        page.route("**/*", self._answer)
        page.goto(f"{HOST}/blank")
        page.evaluate(START)

    def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(HOST)
        if path == "/blank":
            route.fulfill(body="<!doctype html><title>x</title>", content_type="text/html")
        elif path.startswith("/static/"):
            file = ROOT / path.removeprefix("/")
            route.fulfill(body=file.read_bytes(), content_type=KINDS[file.suffix])
        else:
            self.asked.append(route.request)
            answer = self.answers(route.request)
            if answer is None:
                route.abort()
            else:
                route.fulfill(**answer)

    def run(self, script: str, *given: Any) -> Any:
        """Run a few lines on the page and give back what they return."""
        return self.page.evaluate(f"async (given) => {{ {script} }}", list(given))


def sent(request: Request) -> list[dict[str, Any]]:
    """The marks of a message."""
    found: list[dict[str, Any]] = json.loads(request.post_data or "{}")["marks"]
    return found


def well(request: Request) -> dict[str, Any]:
    """A server that keeps everything."""
    if request.url.endswith("/page"):
        return {"body": '<div data-token="fresh"></div>', "content_type": "text/html"}
    answer = {"kept": [one["uid"] for one in sent(request)], "refused": [], "alarms": []}
    return {"json": answer}
