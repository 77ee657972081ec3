"""`make sabotage`: guards are taken out of a copy of the source, one by one, and the suite must notice each.

First the untouched copy must pass the very tests that are to fail. Two runs at a time. Exit code 1 when a sabotage is
missed, or proves nothing (its text is not in the source, or the copy cannot be imported).
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.sabotage.all import SABOTAGES
from tests.sabotage.kinds import AnchorLost, Edit, Sabotage, read

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = 2
ONE_TEST_SECONDS, ONE_RUN_SECONDS, CONTROL_SECONDS = 120, 300, 900
NO_BEHAVIOUR = re.compile(
    r"\b(NameError|ImportError|ModuleNotFoundError|SyntaxError|UnboundLocalError|FailedHealthCheck|Flaky)\b"
)
"""A crash of this kind is the fault of the edit (or of a slow machine); it is no proof that a test watches the guard."""


@dataclass(frozen=True)
class Verdict:
    """How one run ended: `caught`, `MISSED`, or `invalid` with the reason in words."""

    name: str
    database: str
    what: str
    words: str
    seconds: float

    def __str__(self) -> str:
        """One line for the terminal."""
        return f"{self.what:8}{self.database:11}{self.seconds:5.1f} s  {self.name}: {self.words}"


def copy_source(to: Path) -> Path:
    """Copy what git knows or would add; no environment, no school, nothing that is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return to


@contextmanager
def changed(copy: Path, edits: Sequence[Edit]) -> Iterator[None]:
    """Take a guard out of a copy, and put it back; raises `AnchorLost` or `SyntaxError` before anything is written."""
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    for edit in edits:
        before.setdefault(edit.path, read(copy, edit))
        after[edit.path] = edit.apply(after.get(edit.path, before[edit.path]))
    try:
        _write(copy, after)
        yield
    finally:
        _write(copy, before)


def _write(copy: Path, texts: dict[str, str]) -> None:
    """Write files, and throw away what Python compiled from them: two versions may have one size and second."""
    for name, text in texts.items():
        path = copy / name
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()
        path.write_text(text, encoding="utf-8")


def run_tests(
    copy: Path, tests: Sequence[str], database: str, *, seconds: int
) -> tuple[int | None, dict[str, Any]]:
    """Run tests in a copy until the first that fails: pytest's exit code (none: it did not end) and what it saw."""
    with tempfile.NamedTemporaryFile(suffix=".json") as seen:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "tests.sabotage.witness"]
        command += ["-p", "no:cacheprovider", "-p", "pytest_timeout", f"--timeout={ONE_TEST_SECONDS}", *tests]
        process = subprocess.Popen(
            command,
            cwd=copy,
            env={
                **os.environ,
                "PYTHONPATH": str(copy),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "TEST_DATABASE": database,
                "SABOTAGE_WITNESS": seen.name,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        code = _wait(process, seconds)
        text = Path(seen.name).read_text(encoding="utf-8")
        return code, json.loads(text) if text else {}


def _wait(process: subprocess.Popen[bytes], seconds: int) -> int | None:
    """The exit code; a run that does not end is asked to stop (so that its database goes), then made to."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return None


def judge(sabotage: Sabotage, code: int | None, seen: dict[str, Any]) -> tuple[str, str]:
    """What a run says of a sabotage: whether it is caught, and the words for it."""
    first = seen.get("first", {})
    words = first.get("words", "")
    did_hang = code is None or words.startswith("Failed: Timeout")
    if did_hang:
        where = first.get("test", "the run")
        return ("caught" if sabotage.hang_counts else "invalid"), f"{where} does not end"
    if seen.get("strangers"):
        return "invalid", f"not the copy was tested: {seen['strangers'][0]}"
    if code not in (0, 1) or first.get("when") in {"collect", "setup"} or NO_BEHAVIOUR.search(words):
        short = words.splitlines()[0] if words else "nothing was collected"
        return "invalid", f"the tests could not run (exit code {code}): {first.get('test', '')} {short}"
    modules = [e.path for e in sabotage.edits if e.path.endswith(".py") and "/migrations/" not in e.path]
    lost = [path for path in modules if path not in seen.get("imported", [])]
    if lost:
        return "invalid", f"the tests never load {lost[0]}"
    if code == 1:
        return "caught", str(first["test"])
    return ("MISSED", f"{seen['passed']} tests pass") if seen["passed"] else ("invalid", "every test skips")


def try_one(copy: Path, sabotage: Sabotage, database: str) -> Verdict:
    """Take one guard out and run its tests on one database."""
    started = time.monotonic()
    try:
        with changed(copy, sabotage.edits):
            code, seen = run_tests(copy, sabotage.tests, database, seconds=ONE_RUN_SECONDS)
        what, words = judge(sabotage, code, seen)
    except (AnchorLost, SyntaxError, FileNotFoundError) as error:
        what, words = "invalid", str(error)
    return Verdict(sabotage.name, database, what, words, time.monotonic() - started)


def control(copy: Path, tests: Sequence[str], database: str) -> Verdict:
    """The twin of them all: in the untouched copy every one of these tests passes."""
    started = time.monotonic()
    code, seen = run_tests(copy, tests, database, seconds=CONTROL_SECONDS)
    is_well = code == 0 and seen["passed"] and not seen["strangers"]
    words = f"{seen.get('passed', 0)} tests pass" if is_well else f"{code} {seen.get('first')}"
    name = "the untouched copy"
    return Verdict(name, database, "passes" if is_well else "invalid", words, time.monotonic() - started)


def run_all(sabotages: Sequence[Sabotage], databases: Sequence[str]) -> list[Verdict]:
    """Control and every sabotage on each of its databases, two at a time, each printed as it ends."""
    wanted = {database: [one for one in sabotages if database in one.databases] for database in databases}
    with tempfile.TemporaryDirectory(prefix="sabotage-") as folder:
        copies: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(AT_ONCE):
            copies.put(copy_source(Path(folder) / str(number)))

        def with_copy(job: tuple[str, Sabotage | None]) -> Verdict:
            database, sabotage = job
            copy = copies.get()
            try:
                if sabotage is None:
                    tests = sorted({test for one in wanted[database] for test in one.tests})
                    verdict = control(copy, tests, database)
                else:
                    verdict = try_one(copy, sabotage, database)
            finally:
                copies.put(copy)
            print(verdict, flush=True)
            return verdict

        jobs: list[tuple[str, Sabotage | None]] = [(d, None) for d in databases if wanted[d]]
        jobs += [(database, one) for database in databases for one in wanted[database]]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(with_copy, jobs))


def main() -> int:
    """Run the sabotages whose names hold one of the texts (all without one); 0 when each was caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="part of a name; may be given again")
    parser.add_argument("--database", action="append", choices=["sqlite", "postgresql"])
    asked = parser.parse_args()
    started = time.monotonic()
    sabotages = [one for one in SABOTAGES if any(part in one.name for part in asked.only or [""])]
    verdicts = run_all(sabotages, asked.database or ["postgresql", "sqlite"])
    bad = [one for one in verdicts if one.what not in {"caught", "passes"}]
    print(
        f"{len(sabotages)} sabotages, {sum(v.what == 'caught' for v in verdicts)} runs caught, "
        f"{len(bad)} not, {time.monotonic() - started:.0f} s"
    )
    for verdict in bad:
        print(verdict)
    return 1 if bad or not sabotages else 0


if __name__ == "__main__":
    sys.exit(main())
