"""Passkeys in a real browser, with Chromium's virtual authenticator, against the real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.e2e.people import Visitor, visit
from tests.e2e.school import LiveSchool

pytestmark = pytest.mark.browser

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
PASSWORD = "three calm words"


class Device:
    """The authenticator of one visitor's browser."""

    def __init__(self, visitor: Visitor) -> None:
        self.wire = visitor.context.new_cdp_session(visitor.page)
        self.wire.send("WebAuthn.enable")
        made = self.wire.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        self.id = made["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        """What the authenticator holds."""
        found: list[dict[str, Any]] = self.wire.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return found

    def unlocks(self, does: bool) -> None:
        """Whether its owner unlocks it from now on."""
        self.wire.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": does})


@pytest.fixture
def parent(school: LiveSchool, chromium: Browser, pictures: Path) -> Iterator[Visitor]:
    """A demo parent, signed in with the password."""
    account = school.accounts("parent")[5]
    visitor = visit(chromium, school, pictures)
    visitor.sign_in(account["email"], account["password"])
    yield visitor
    visitor.context.close()


def _make_passkey(visitor: Visitor, path: str) -> None:
    visitor.go(path)
    visitor.page.get_by_label("Name of this passkey").fill("my phone")
    visitor.page.get_by_role("button", name="Make a passkey").click()


def test_a_parent_makes_a_passkey_and_signs_in_with_it_alone(parent: Visitor) -> None:
    faults: list[str] = []
    parent.page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    device = Device(parent)
    _make_passkey(parent, "/your-sign-in")
    parent.page.get_by_text("Your passkey is ready.").wait_for()
    parent.look()
    (credential,) = device.credentials()
    assert credential["isResidentCredential"]
    assert credential["rpId"] == "localhost"
    parent.press("Sign out", exact=True)
    parent.context.clear_cookies()
    parent.go("/login")
    parent.page.get_by_role("button", name="Use a passkey").click()
    parent.page.wait_for_url("**/book")
    parent.look()
    assert device.credentials()[0]["signCount"] == credential["signCount"] + 1
    assert faults == []


def test_a_passkey_that_nobody_unlocked_is_refused(parent: Visitor) -> None:
    device = Device(parent)
    _make_passkey(parent, "/your-sign-in")
    parent.page.get_by_text("Your passkey is ready.").wait_for()
    parent.context.clear_cookies()
    device.unlocks(False)
    parent.go("/login")
    parent.page.get_by_role("button", name="Use a passkey").click()
    parent.page.get_by_text("That did not work.").wait_for()
    assert parent.page.url.endswith("/login")
    parent.go("/your-sign-in")
    assert "/login" in parent.page.url


def test_a_new_manager_lands_on_the_set_up_page_and_gets_in_by_passkey(
    school: LiveSchool, chromium: Browser, pictures: Path
) -> None:
    link = school.booking("user", "create", "new.manager@school.example", "--role", "manager").stdout.strip()
    manager = visit(chromium, school, pictures)
    Device(manager)
    manager.go(link.removeprefix(school.url))
    manager.page.get_by_label("Your name").fill("Noor Manager")
    manager.page.get_by_label("Choose a password").fill(PASSWORD)
    manager.press("Join and sign in")
    assert manager.page.url.endswith("/login/set-up")
    manager.go("/office/")
    assert manager.page.url.endswith("/login/set-up")
    _make_passkey(manager, "/login/set-up")
    manager.page.wait_for_url("**/recovery-codes")
    manager.press("Make ten new codes")
    assert manager.page.locator("ol.codes code").count() == 10
    manager.go("/office/")
    assert manager.page.inner_text("h1") == "Office"
    manager.context.close()


def test_without_javascript_the_password_form_does_it_all(
    school: LiveSchool, chromium: Browser, pictures: Path
) -> None:
    account = school.accounts("parent")[6]
    plain = visit(chromium, school, pictures, java_script_enabled=False)
    plain.go("/login")
    assert not plain.page.get_by_role("button", name="Use a passkey").is_visible()
    plain.sign_in(account["email"], account["password"])
    plain.go("/your-sign-in")
    plain.context.close()
