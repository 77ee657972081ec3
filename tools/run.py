"""`make run`: brings the school up on this machine and stops all of it cleanly on Ctrl-C.

Migrates, loads the demo school into an empty database, then keeps web, worker and (without a Stripe key) the Stripe
double running; when one of them dies the rest are stopped too.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
GRACE_SECONDS = 15


def environment() -> dict[str, str]:
    """The environment that all processes share; secrets of this school alone are made once and kept."""
    env = dict(os.environ)
    instance = Path(env.get("BOOKING_INSTANCE") or ROOT / "instance")
    instance.mkdir(exist_ok=True)
    port = int(env.setdefault("PORT", "8000"))
    env["BOOKING_INSTANCE"] = str(instance)
    env.setdefault("BASE_URL", f"http://localhost:{port}")
    env.setdefault("SECRET_KEY", kept_secret(instance / "secret-key", ""))
    if not env.get("STRIPE_SECRET_KEY"):
        env["STRIPE_SECRET_KEY"] = "sk_test_double"  # noqa: S105  the stand-in takes any test key
        env["STRIPE_WEBHOOK_SECRET"] = kept_secret(instance / "webhook-secret", "whsec_")
        env["STRIPE_API_BASE"] = f"http://127.0.0.1:{int(env.get('STRIPE_DOUBLE_PORT') or port + 1)}"
    return env


def kept_secret(path: Path, prefix: str) -> str:
    """A random secret that only this user can read, the same at every start."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(prefix + secrets.token_urlsafe(32))
    return path.read_text().strip()


def commands(env: dict[str, str]) -> dict[str, list[str]]:
    """What runs, by name."""
    port = env["PORT"]
    found = {
        "web": [
            str(BIN / "gunicorn"),
            "wsgi:app",
            "--bind",
            f"127.0.0.1:{port}",
            "--worker-class",
            "gthread",
            "--workers",
            env.get("WEB_WORKERS", "1"),
            "--threads",
            "8",
            "--preload",
            "--log-level",
            "warning",
            "--no-control-socket",
        ],
        "worker": [str(BIN / "booking"), "worker"],
    }
    if "STRIPE_API_BASE" in env:
        found["stripe double"] = [
            sys.executable,
            "-m",
            "stripe_double",
            "--port",
            env["STRIPE_API_BASE"].rsplit(":", 1)[1],
            "--state",
            str(Path(env["BOOKING_INSTANCE"]) / "stripe-double.json"),
            "--webhook-url",
            f"http://127.0.0.1:{port}/webhooks/stripe",
            "--webhook-secret",
            env["STRIPE_WEBHOOK_SECRET"],
        ]
    return found


def prepare(env: dict[str, str]) -> None:
    """Migrate, and load the demo school when nobody is in the database yet."""
    subprocess.run([str(BIN / "booking"), "db", "upgrade"], env=env, cwd=ROOT, check=True)
    if not (Path(env["BOOKING_INSTANCE"]) / "demo-accounts.json").exists():
        subprocess.run(
            [str(BIN / "booking"), "demo", "--if-empty", "--bookings"], env=env, cwd=ROOT, check=True
        )


def wait_until_ready(env: dict[str, str], running: dict[str, subprocess.Popen[bytes]]) -> bool:
    """True once the site answers; False when a process died first."""
    for _ in range(300):
        if any(process.poll() is not None for process in running.values()):
            return False
        try:
            with urlopen(f"http://127.0.0.1:{env['PORT']}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.1)
    return False


def say_where(env: dict[str, str]) -> None:
    """Print the address and an account of each role."""
    print(f"\nEight till Six is at {env['BASE_URL']}")
    accounts = Path(env["BOOKING_INSTANCE"]) / "demo-accounts.json"
    if accounts.exists():
        print("Demo accounts (e-mail and password):")
        seen = set()
        for account in json.loads(accounts.read_text()):
            if account["role"] not in seen:
                seen.add(account["role"])
                print(f"  {account['role']:<9} {account['email']:<40} {account['password']}")
        print(f"All of them, every parent too, are in {accounts}.")
    print("Press Ctrl-C to stop.", flush=True)


def stop(running: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask each process to finish what it does, and end it only when it does not."""
    for process in running.values():
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    for process in running.values():
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()


def main() -> int:
    """Run everything until Ctrl-C (exit 0) or until one part dies (exit 1)."""
    env = environment()
    prepare(env)
    is_stopping = False

    def ask_to_stop(*_: object) -> None:
        nonlocal is_stopping
        is_stopping = True

    signal.signal(signal.SIGINT, ask_to_stop)
    signal.signal(signal.SIGTERM, ask_to_stop)
    running = {
        name: subprocess.Popen(command, env=env, cwd=ROOT, start_new_session=True)
        for name, command in commands(env).items()
    }
    try:
        if wait_until_ready(env, running):
            say_where(env)
        while not is_stopping:
            dead = [name for name, process in running.items() if process.poll() is not None]
            if dead:
                print(f"{dead[0]} ended by itself; stopping the rest.", file=sys.stderr)
                return 1
            time.sleep(0.2)
    finally:
        stop(running)
    print("Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
