"""A whole school on this machine for a test: real web server, worker and Stripe double, on ports of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.serving import free_port
from tools.run import commands, environment, wait_until_ready

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class LiveSchool:
    """A running demo school: its address, environment and accounts."""

    url: str
    env: dict[str, str]
    running: dict[str, subprocess.Popen[bytes]]

    @property
    def instance(self) -> Path:
        """The folder of this school alone."""
        return Path(self.env["BOOKING_INSTANCE"])

    def accounts(self, role: str) -> list[dict[str, str]]:
        """The demo accounts of a role."""
        found = json.loads((self.instance / "demo-accounts.json").read_text())
        return [account for account in found if account["role"] == role]

    def booking(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `booking` on this school."""
        return run_booking(self.env, *arguments)

    def python(self, code: str) -> Any:
        """Run a few lines inside the app and give back what they print as JSON."""
        prelude = "import json\nfrom booking.app import create_app\napp = create_app()\n"
        body = "with app.app_context():\n" + "\n".join("    " + line for line in code.strip().splitlines())
        done = subprocess.run(
            [sys.executable, "-c", prelude + body],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])

    def letters(self, recipient: str) -> list[bytes]:
        """Every message file written for an address, oldest first."""
        found = [path.read_bytes() for path in sorted((self.instance / "outbox").glob("*.eml"))]
        return [content for content in found if f"To: {recipient}".encode() in content]

    def stop(self) -> None:
        """Stop all processes of this school, and no other."""
        for process in self.running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run_booking(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command and give back what it printed."""
    return subprocess.run(
        [str(BIN / "booking"), *arguments], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )


def school_environment(instance: Path, **extra: str) -> dict[str, str]:
    """The environment of a school of its own, as `make run` makes it."""
    for name in list(os.environ):
        if re.match(r"(STRIPE_|BOOKING_|DATABASE_URL|SECRET_KEY|BASE_URL|PORT$|MAIL_URL|REDIS_URL)", name):
            del os.environ[name]
    wanted = {
        "BOOKING_INSTANCE": str(instance),
        "PORT": str(free_port()),
        "STRIPE_DOUBLE_PORT": str(free_port()),
        **extra,
    }
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        return environment()
    finally:
        for name in wanted:
            os.environ.pop(name, None)
        os.environ.update(before)


def start_school(env: dict[str, str]) -> LiveSchool:
    """Start web, worker and double, and wait until the site answers."""
    with (Path(env["BOOKING_INSTANCE"]) / "processes.log").open("ab") as log:
        running = {
            name: subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
            for name, command in commands(env).items()
        }
    school = LiveSchool(env["BASE_URL"], env, running)
    if not wait_until_ready(env, running):
        school.stop()
        raise AssertionError((school.instance / "processes.log").read_text()[-4000:])
    return school


def wait_for(condition: Any, *, seconds: float = 30, what: str = "it") -> Any:
    """Ask again and again until something is true; fails by name when it never is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def fetch(url: str) -> bytes:
    """What an address of this machine answers."""
    with urlopen(url, timeout=10) as answer:
        content: bytes = answer.read()
        return content
