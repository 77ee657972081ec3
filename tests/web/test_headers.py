"""Every answer carries the headers that protect: pages, downloads, refusals and errors; cookies are few and shut."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from booking.app import create_app
from booking.core.settings import Settings
from tests.browser import Browser
from tests.builders import a_school, a_user

PAGES = (
    "/",
    "/login",
    "/book",
    "/office/",
    "/healthz",
    "/api/v1/openapi.json",
    "/api/v1/sessions",
    "/no-such-page",
)


def _policy(header: str) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in header.split(";"))
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("method", ["get", "post", "trace"])
def test_every_answer_is_protected(app: Flask, address: str, method: str) -> None:
    a_school()
    answer = app.test_client().open(address, method=method.upper())
    policy = _policy(answer.headers["Content-Security-Policy"])
    for name, value in (
        ("default-src", "'none'"),
        ("object-src", "'none'"),
        ("base-uri", "'none'"),
        ("frame-ancestors", "'none'"),
        ("style-src", "'self'"),
    ):
        assert policy[name] == value
    assert "'nonce-" in policy["script-src"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    if method == "trace":
        assert answer.status_code in {404, 405}


def test_a_nonce_is_never_used_twice(app: Flask) -> None:
    seen = {app.test_client().get("/login").headers["Content-Security-Policy"] for _ in range(5)}
    assert len(seen) == 5


def test_over_https_the_cookie_is_the_hosts_own_and_plain_http_is_given_up(settings: Settings) -> None:
    app = create_app(replace(settings, base_url="https://school.example"))
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-session"
    assert app.config["SESSION_COOKIE_SECURE"]
    assert app.config["SESSION_COOKIE_HTTPONLY"]
    assert app.config["SESSION_COOKIE_SAMESITE"] == "Lax"
    answer = app.test_client().get("/healthz", base_url="https://school.example")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_one_small_cookie(app: Flask) -> None:
    a_school()
    browser = Browser(app).sign_in(a_user("manager"))
    browser.get("office.home")
    cookies = list(browser.client._cookies.values())  # type: ignore[union-attr]
    assert [cookie.key for cookie in cookies] == ["session"]
    assert sum(len(cookie.value) for cookie in cookies) < 1024


def test_what_a_proxy_would_say_is_not_believed_from_anybody(app: Flask) -> None:
    a_school()
    forged = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
    }
    answer = app.test_client().get("/book", headers=forged)
    assert "evil.example" not in answer.headers["Location"]
    page = app.test_client().get("/login", headers=forged).get_data(as_text=True)
    assert "evil.example" not in page


def test_an_error_tells_nothing_of_the_inside(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> str:
        raise RuntimeError("canary of the inside")

    monkeypatch.setitem(app.view_functions, "bookings.offer", breaks)
    answer = app.test_client().get("/")
    assert answer.status_code == 500
    assert b"canary" not in answer.data
    assert b"Traceback" not in answer.data
    assert "'nonce-" in answer.headers["Content-Security-Policy"]
