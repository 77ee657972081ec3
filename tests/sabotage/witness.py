"""A pytest plugin for a run in a copy: writes down where the product came from and which test failed first."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import hypothesis
import pytest

HERE = Path(__file__).resolve().parents[2]
first: dict[str, str] = {}
passed: list[str] = []
hypothesis.settings.register_profile(
    "copy", suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None
)
hypothesis.settings.load_profile("copy")


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file that cannot be read says nothing about the guard."""
    if report.failed and not first:
        first.update(test=report.nodeid, when="collect", words=_words(report.longreprtext))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the first test that failed, and the line that says why."""
    if report.failed and not first:
        crash = getattr(report.longrepr, "reprcrash", None)
        words = str(crash.message) if crash is not None else _words(report.longreprtext)
        first.update(test=report.nodeid, when=report.when or "", words=words[:2000])
    elif report.passed and report.when == "call":
        passed.append(report.nodeid)


def pytest_sessionfinish() -> None:
    """Leave what was seen where the caller looks for it."""
    files = {
        name: Path(found).resolve()
        for name, module in list(sys.modules.items())
        if name.split(".")[0] in {"booking", "stripe_double", "tests"}
        and (found := getattr(module, "__file__", None))
    }
    seen = {
        "strangers": sorted(name for name, path in files.items() if not path.is_relative_to(HERE)),
        "imported": sorted(
            str(path.relative_to(HERE)) for path in files.values() if path.is_relative_to(HERE)
        ),
        "first": first,
        "passed": len(passed),
    }
    Path(os.environ["SABOTAGE_WITNESS"]).write_text(json.dumps(seen), encoding="utf-8")


def _words(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
