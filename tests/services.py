"""What a test needs from the machine: one line says what lacks; fails when required."""

from __future__ import annotations

import os
import shutil
import socket
from typing import NoReturn

import pytest


def lacking(what: str, how: str) -> NoReturn:
    """Skip with one line that says what is lacking and how to get it; fail when `REQUIRE_SERVICES=1`."""
    sentence = f"needs {what}: {how}"
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def postgresql_url() -> str:
    """The address of a PostgreSQL server whose user may create databases."""
    url = os.environ.get("TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
    if not _listens(int(url.rsplit(":", 1)[1].split("/")[0])):
        lacking("PostgreSQL", "apt-get install postgresql, trust on loopback, or set TEST_POSTGRESQL")
    return url


def redis_url() -> str:
    """The address of a Redis server."""
    url = os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379/15")
    if not _listens(6379):
        lacking("Redis", "apt-get install redis-server, or set TEST_REDIS")
    return url


def chromium_path() -> str:
    """Where Chromium is."""
    path = os.environ.get("TEST_CHROMIUM") or shutil.which("chromium")
    if path is None:
        lacking("Chromium", "apt-get install chromium, or set TEST_CHROMIUM to its path")
    return path
