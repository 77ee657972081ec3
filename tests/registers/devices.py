"""Devices at the door without a screen: a clock that is wrong, a queue, a sequence, and a network that loses things."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session as OrmSession
from werkzeug.test import TestResponse

from booking.core import clock
from booking.core.db import db
from booking.people.models import User
from booking.registers.child_days import Event
from tests.browser import Browser, forget


class ServerKilled(RuntimeError):
    """The server dies just before the commit: nothing of the request is in the database."""


@contextmanager
def killed_before_commit() -> Iterator[None]:
    """Whatever is written in here dies with the server."""

    def die(_session: OrmSession) -> None:
        raise ServerKilled

    event.listen(db.session, "before_commit", die)
    try:
        yield
    finally:
        event.remove(db.session, "before_commit", die)


class Device:
    """A browser at the door; `skew` is how far its clock is ahead of the server's."""

    def __init__(self, app: Flask, user: User, skew: timedelta = timedelta()) -> None:
        self.uuid = str(uuid.uuid4())
        self.skew = skew
        self.sequence = 0
        self.queue: list[dict[str, Any]] = []
        self.made: list[dict[str, Any]] = []
        self.browser = Browser(app).sign_in(user)
        self.token = self.browser.csrf_token()

    def clock(self) -> datetime:
        """What this device believes the time is."""
        return clock.now() + self.skew

    def mark(
        self,
        session_id: int,
        pupil_id: int,
        what: str,
        *,
        detail: str | None = None,
        undoes: str | None = None,
    ) -> str:
        """Note something, with or without a network, and give the mark's uid."""
        self.sequence += 1
        made = {
            "uid": str(uuid.uuid4()),
            "session_id": session_id,
            "pupil_id": pupil_id,
            "what": what,
            "at": self.clock().isoformat(),
            "detail": detail,
            "undoes": undoes,
            "sequence": self.sequence,
        }
        self.queue.append(made)
        self.made.append({**made, "true_at": clock.now()})
        return str(made["uid"])

    def send(
        self, marks: list[dict[str, Any]] | None = None, *, headers: dict[str, str] | None = None
    ) -> TestResponse:
        """Send these marks, or the queue, and forget nothing."""
        forget()
        body = {
            "device": self.uuid,
            "sent_at": self.clock().isoformat(),
            "marks": self.queue if marks is None else marks,
        }
        answer = self.browser.client.post(
            "/registers/marks", json=body, headers={"X-CSRFToken": self.token, **(headers or {})}
        )
        db.session.rollback()
        return answer

    def flush(self) -> dict[str, Any]:
        """Send the queue and let go of what the server has."""
        answer = self.send()
        assert answer.status_code == 200, answer.get_data(as_text=True)
        said: dict[str, Any] = answer.get_json()
        self.settle(said)
        return said

    def settle(self, said: dict[str, Any]) -> None:
        """Forget what the server says it has."""
        kept = set(said["kept"])
        self.queue = [mark for mark in self.queue if mark["uid"] not in kept]

    def try_to_flush(self, dice: random.Random) -> None:
        """Send through a network and a server that fail in every way."""
        luck = dice.random()
        some = dice.sample(self.queue, dice.randint(0, len(self.queue)))
        if luck < 0.2:
            return
        if luck < 0.35:
            with killed_before_commit():
                assert self.send(some).status_code == 500
            return
        answer = self.send(some)
        if luck < 0.55:
            return
        if luck < 0.75:
            self.send(some[::-1] + some)
        self.settle(answer.get_json())


def as_events(devices: list[Device]) -> list[Event]:
    """What truly happened, by the true clock: what the server should know in the end."""
    return [
        Event(
            uid=mark["uid"],
            session_id=mark["session_id"],
            pupil_id=mark["pupil_id"],
            what=mark["what"],
            at=mark["true_at"],
            device=device.uuid,
            counter=device.uuid,
            sequence=mark["sequence"],
            undoes=mark["undoes"],
        )
        for device in devices
        for mark in device.made
    ]
