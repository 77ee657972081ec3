"""A browser without a screen: fetches pages by endpoint and checks each one that it sees.

Checked on every page: HTML that parses without an error, one h1, a title that begins with it, unique ids, a label for
each field, a nonce on each script, no inline style or handler, the headers that protect.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from flask import Flask, g, url_for
from tinyhtml5.parser import HTMLParser
from werkzeug.test import TestResponse

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.people.sign_ins import start


class Page:
    """What came back: `status`, `text` as a reader sees it, the parsed tree, and what the parser has against it."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.html = response.get_data(as_text=True) if response.mimetype == "text/html" else ""
        parser = HTMLParser(namespace_html_elements=False)
        self.root: Element | None = parser.parse(self.html) if self.html else None
        self.errors = parser.errors if self.html else []

    @property
    def text(self) -> str:
        """All words on the page, runs of blanks as one."""
        assert self.root is not None
        return re.sub(r"\s+", " ", " ".join(self.root.itertext())).strip()

    @property
    def location(self) -> str | None:
        """The path that a redirect leads to."""
        place = self.response.headers.get("Location")
        if place is None:
            return None
        parts = urlsplit(place)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def all(self, path: str) -> list[Element]:
        """Elements by ElementTree path, such as `.//input[@name='x']`."""
        assert self.root is not None
        return self.root.findall(path)

    def field(self, name: str) -> str:
        """The value of the first field of this name."""
        return next(e.get("value") or "" for e in self.all(".//input") if e.get("name") == name)


class Browser:
    """Keeps a cookie jar and sends the CSRF token of the page that it saw last."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()

    def sign_in(self, user: Any) -> Browser:
        """Be this user, as after password and second step (the sign-in pages have tests of their own)."""
        forget()
        with unit_of_work():
            _, token = start(user, how="code", stage="whole", device="a test", at=clock.now(), is_strong=True)
        with self.client.session_transaction() as session:
            session.clear()
            session["sign_in"] = token
        return self

    def get(self, endpoint: str, *, expect: int = 200, follow: bool = False, **values: Any) -> Page:
        """Fetch a page by its endpoint and check it."""
        forget()
        return self._checked(self.client.get(self._url(endpoint, values), follow_redirects=follow), expect)

    def post(
        self,
        endpoint: str,
        data: dict[str, Any] | None = None,
        *,
        expect: int = 302,
        follow: bool = False,
        **values: Any,
    ) -> Page:
        """Send a form with a valid CSRF token; `follow` goes on to where the answer leads."""
        body = {**(data or {}), "csrf_token": self.csrf_token()}
        forget()
        multipart = any(hasattr(value, "read") or isinstance(value, tuple) for value in body.values())
        response = self.client.post(
            self._url(endpoint, values),
            data=body,
            follow_redirects=follow,
            content_type="multipart/form-data" if multipart else None,
        )
        return self._checked(response, 200 if follow and expect == 302 else expect)

    def csrf_token(self) -> str:
        """A token that belongs to this jar."""
        forget()
        page = self.client.get("/")
        if 'name="csrf_token"' not in page.get_data(as_text=True):
            page = self.client.get("/login", follow_redirects=True)
        match = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.get_data(as_text=True))
        assert match is not None, "no form with a CSRF token on the page"
        return match[1]

    def _url(self, endpoint: str, values: dict[str, Any]) -> str:
        with self.app.test_request_context():
            return url_for(endpoint, **values)

    def _checked(self, response: TestResponse, expect: int) -> Page:
        db.session.rollback()
        page = Page(response)
        assert page.status == expect, (
            f"{response.request.path}: {page.status}, not {expect}: {page.html[:2000]}"
        )
        if page.html:
            check_page(page)
        return page


def forget() -> None:
    """Begin a request with nothing remembered: all requests of a test share its application context, and with it `g`."""
    g.__dict__.clear()


def check_page(page: Page) -> None:
    """Hold a page against the house rules for HTML."""
    assert not page.errors, f"invalid HTML: {page.errors[:3]}"
    headings = ["".join(h.itertext()).strip() for h in page.all(".//h1")]
    assert len(headings) == 1, f"a page has one h1, this one has {headings}"
    title = re.sub(r"\s+", " ", "".join(page.all(".//title")[0].itertext())).strip().removeprefix("Error: ")
    assert title.startswith(re.sub(r"\s+", " ", headings[0])), (
        f"title {title!r} does not begin with {headings[0]!r}"
    )
    ids = [e.get("id") for e in page.all(".//*[@id]")]
    assert len(ids) == len(set(ids)), f"ids twice: {sorted(i for i in ids if ids.count(i) > 1)}"
    _check_labels(page, set(ids))
    csp = page.response.headers["Content-Security-Policy"]
    for script in page.all(".//script"):
        assert f"'nonce-{script.get('nonce')}'" in csp, "a script without the nonce"
    for element in page.all(".//*"):
        for name in element.attrib:
            assert name != "style", f"inline style on {element.tag}"
            assert not name.startswith("on"), f"inline handler {name} on {element.tag}"


def _check_labels(page: Page, ids: set[str | None]) -> None:
    labelled = {label.get("for") for label in page.all(".//label")}
    wrapped = {id(field) for label in page.all(".//label") for field in label.iter()}
    for tag in ("input", "select", "textarea"):
        for field in page.all(f".//{tag}"):
            if field.get("type") in {"hidden", "submit", "button", "image"}:
                continue
            has = (
                field.get("id") in labelled
                or id(field) in wrapped
                or field.get("aria-label")
                or field.get("aria-labelledby") in ids
            )
            assert has, f"a field without a label: {field.attrib}"
