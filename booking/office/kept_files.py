"""Files between preview and apply: kept in the instance folder under a name nobody can guess, for a day at most.

The first line says what a person chose beside the file; the rest is the file as it came.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from booking.core.errors import NotFound

LASTS = timedelta(days=1)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,60}")


@dataclass(frozen=True)
class KeptFile:
    """What was uploaded: its own name (only to be shown), its bytes, and what was chosen beside it."""

    name: str
    content: bytes
    choices: Mapping[str, Any] = field(default_factory=dict)


def keep(
    folder: Path,
    content: bytes,
    name: str,
    *,
    user_id: int,
    at: datetime,
    choices: Mapping[str, Any] | None = None,
) -> str:
    """Keep an upload for its user alone, and give the token that finds it again; old ones are swept first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(folder, at=at)
    token = secrets.token_urlsafe(24)
    path = _path(folder, token, user_id)
    _write(path, KeptFile(" ".join(name.split())[:120], content, choices or {}))
    os.utime(path, (at.timestamp(), at.timestamp()))
    return token


def choose(folder: Path, token: str, choices: Mapping[str, Any], *, user_id: int) -> None:
    """Change what was chosen beside a kept file, whole; raises `NotFound`."""
    kept, path = find(folder, token, user_id=user_id), _path(folder, token, user_id)
    stat = path.stat()
    beside = path.with_suffix(f".{secrets.token_hex(4)}")
    _write(beside, KeptFile(kept.name, kept.content, choices))
    os.utime(beside, (stat.st_atime, stat.st_mtime))
    beside.replace(path)


def _write(path: Path, kept: KeptFile) -> None:
    head = json.dumps({"name": kept.name, "choices": dict(kept.choices)}).encode()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(head + b"\n" + kept.content)


def find(folder: Path, token: str, *, user_id: int) -> KeptFile:
    """The file behind a token; raises `NotFound` for another user's, a used one or one that never was."""
    path = _path(folder, token, user_id)
    if not path.is_file():
        raise NotFound
    head, _, content = path.read_bytes().partition(b"\n")
    told = json.loads(head)
    return KeptFile(told["name"], content, told["choices"])


def forget(folder: Path, token: str, *, user_id: int) -> None:
    """Delete a kept file, if it is there."""
    _path(folder, token, user_id).unlink(missing_ok=True)


def sweep(folder: Path, *, at: datetime) -> None:
    """Delete what was kept longer than a day: nobody came back to it."""
    for path in folder.glob("*.upload"):
        if path.stat().st_mtime < (at - LASTS).timestamp():
            path.unlink(missing_ok=True)


def _path(folder: Path, token: str, user_id: int) -> Path:
    if not _TOKEN.fullmatch(token):
        raise NotFound
    return folder / f"{user_id}-{token}.upload"
