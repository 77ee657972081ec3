"""Where messages go when a school is only tried out: files in instance/outbox/ that are whole or absent."""

from __future__ import annotations

import os

from booking.core.settings import Settings


def write_whole(settings: Settings, name: str, content: bytes) -> None:
    """Write one file that only this user reads; whoever looks finds all of it or nothing."""
    folder = settings.instance / "outbox"
    folder.mkdir(exist_ok=True)
    part = (folder / name).with_suffix(".part")
    part.write_bytes(content)
    os.chmod(part, 0o600)
    part.replace(folder / name)
