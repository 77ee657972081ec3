"""A tablet at the door: Chromium as a process of its own, with a profile on the disk, so that it can really be killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.services import chromium_path

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)


class Tablet:
    """One browser with its profile; `driver` is any browser of the same Playwright."""

    def __init__(self, profile: Path, url: str, driver: Browser) -> None:
        self.profile, self.url, self._driver = profile, url, driver
        self.page: Page
        self.start()

    def start(self) -> None:
        """Switch it on, with whatever its profile holds."""
        port_file = self.profile / "DevToolsActivePort"
        port_file.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [chromium_path(), *FLAGS, f"--user-data-dir={self.profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 30
        while not (port_file.exists() and port_file.read_text().strip()):
            assert time.monotonic() < deadline, "Chromium did not come up"
            time.sleep(0.05)
        port = port_file.read_text().split()[0]
        self._browser = self._driver.browser_type.connect_over_cdp(f"http://127.0.0.1:{port}")
        self.page = self._browser.contexts[0].new_page()
        self.page.set_default_timeout(15_000)

    def kill(self) -> None:
        """Take the battery out: no process of this browser gets a last word."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._browser.close()
        for name in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
            (self.profile / name).unlink(missing_ok=True)

    def throw_away(self) -> None:
        """Kill it, and its profile with it."""
        if self._process.poll() is None:
            self.kill()
        shutil.rmtree(self.profile, ignore_errors=True)

    def sign_in(self, account: dict[str, str]) -> None:
        """Sign in with a password."""
        self.page.goto(f"{self.url}/login")
        self.page.get_by_label("E-mail address").fill(account["email"])
        self.page.get_by_label("Password").fill(account["password"])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "/login" not in url)

    def open_door(self, session: int) -> None:
        """Open the door at one session's list."""
        self.page.goto(f"{self.url}/registers/door")
        self.tab(session)

    def tab(self, session: int) -> None:
        """Go to a session's list."""
        self.page.locator(f"[data-session='{session}']").click()

    def says(self, words: str, *, seconds: float = 15) -> None:
        """Wait until the line about the network says this."""
        expect(self.page.locator("[data-net]")).to_contain_text(words, timeout=seconds * 1000)

    def row(self, number: int) -> Any:
        """The row of a child, by its place."""
        return self.page.locator(".door-child").nth(number)

    def press(self, number: int, words: str) -> None:
        """Press a button in a child's row."""
        self.row(number).get_by_role("button", name=words).click()

    def count(self, state: str) -> int:
        """How many children of the list stand in a state."""
        return self.page.locator(f".door-child[data-state='{state}']").count()

    def holds(self, words: str) -> list[str]:
        """The files of the profile in which these words stand in the open, in one byte a letter or in two."""
        forms = [words.encode(), words.encode("utf-16-le")]
        return [
            str(path.relative_to(self.profile))
            for path in self.profile.rglob("*")
            if path.is_file() and not path.is_symlink() and any(form in path.read_bytes() for form in forms)
        ]

    def kept(self) -> dict[str, int]:
        """How many rows each store of the tablet holds."""
        found: dict[str, int] = self.page.evaluate(
            """async () => {
              const base = await new Promise((yes, no) => {
                const asked = indexedDB.open("registers", 1);
                asked.onsuccess = () => yes(asked.result);
                asked.onerror = no;
              });
              const names = ["outbox", "keys", "sealed"];
              const counts = await Promise.all(names.map((name) => new Promise((yes) => {
                const asked = base.transaction(name).objectStore(name).count();
                asked.onsuccess = () => yes([name, asked.result]);
              })));
              base.close();
              return Object.fromEntries(counts);
            }"""
        )
        return found
