"""`make screenshots`: takes README's pictures afresh from a demo school that it starts and stops itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.school import LiveSchool, run_booking, school_environment, start_school

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
SHOTS = (
    ("parent", "parent", "/book", {"width": 390, "height": 844}),
    ("register", "bajwa@demo.example", "/registers/", {"width": 820, "height": 1000}),
    ("office", "office@demo.example", "/office/", {"width": 1100, "height": 900}),
    ("governor", "chair@demo.example", "/equity/", {"width": 1100, "height": 1100}),
)


def take(browser: Browser, school: LiveSchool, name: str, who: str, path: str, size: dict[str, int]) -> None:
    """One person's screen, signed in as a person would."""
    accounts = json.loads((school.instance / "demo-accounts.json").read_text())
    chosen = [a for a in accounts if who in (a["email"], a["role"])]
    account = chosen[3] if who == "parent" else chosen[0]
    page = browser.new_context(viewport=size, device_scale_factor=1.5).new_page()  # type: ignore[arg-type]
    page.goto(school.url + "/login")
    page.get_by_label("E-mail address").fill(account["email"])
    page.get_by_label("Password").fill(account["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    page.goto(school.url + path)
    if name == "register":
        page.locator(".session-card h2 a").first.click()
        page.wait_for_load_state()
    if name == "parent":
        page.get_by_role("button", name="Week after").click()
        page.wait_for_load_state()
        for box in page.locator('input[name="pick"]').all()[:3]:
            box.check()
        page.locator(".week").first.scroll_into_view_if_needed()
    page.screenshot(path=PICTURES / f"{name}.png")


def main() -> None:
    """Start a school, take every picture, stop it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="pictures-"))
    env = school_environment(folder)
    for arguments in (("db", "upgrade"), ("demo", "--bookings", "--now")):
        done = run_booking(env, *arguments)
        if done.returncode:
            raise SystemExit(done.stderr)
    school = start_school(env)
    chromium = os.environ.get("TEST_CHROMIUM") or shutil.which("chromium")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium)
            for name, who, path, size in SHOTS:
                take(browser, school, name, who, path, size)
                print(f"docs/pictures/{name}.png")
    except subprocess.SubprocessError as error:
        raise SystemExit(str(error)) from error
    finally:
        school.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
