"""Files between preview and apply: kept in the instance folder under a name nobody can guess, for a day at most."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from booking.core.errors import NotFound

LASTS = timedelta(days=1)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,60}")


@dataclass(frozen=True)
class KeptFile:
    """What was uploaded: its own name (only to be shown) and its bytes."""

    name: str
    content: bytes


def keep(folder: Path, content: bytes, name: str, *, user_id: int, at: datetime) -> str:
    """Keep an upload for its user alone, and give the token that finds it again; old ones are swept first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(folder, at=at)
    token = secrets.token_urlsafe(24)
    path = _path(folder, token, user_id)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(" ".join(name.split())[:120].encode() + b"\n" + content)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return token


def find(folder: Path, token: str, *, user_id: int) -> KeptFile:
    """The file behind a token; raises `NotFound` for another user's, a used one or one that never was."""
    path = _path(folder, token, user_id)
    if not path.is_file():
        raise NotFound
    name, _, content = path.read_bytes().partition(b"\n")
    return KeptFile(name.decode(), content)


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
