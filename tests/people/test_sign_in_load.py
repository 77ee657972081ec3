"""Sixty people sign in beside a steady writer, through the pages, and none fails."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from booking.core import audit, clock
from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.people.models import SignInAttempt
from booking.people.sign_in_models import SignIn
from tests.builders import PASSWORD, a_user

PEOPLE = 60
WRITES_A_SECOND = 20
WRITES_AT_LEAST = 10


def _write_steadily(app: Flask, stop: threading.Event, written: list[int]) -> None:
    """Write until ``stop`` is set and ``WRITES_AT_LEAST`` are kept, however quick the machine is."""
    with app.app_context():
        while len(written) < WRITES_AT_LEAST or not stop.is_set():
            with unit_of_work():
                audit.record("steady", "writer", None, at=clock.now(), user_id=None)
                time.sleep(0.01)
            written.append(1)
            stop.wait(1 / WRITES_A_SECOND)
        db.session.remove()


def _sign_in(app: Flask, email: str) -> int:
    client = app.test_client()
    page = client.get("/login").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    answer = client.post("/login", data={"csrf_token": token[1], "email": email, "password": PASSWORD})
    return answer.status_code


def test_sixty_people_sign_in_beside_a_steady_writer(app: Flask) -> None:
    emails = [a_user("parent", password=PASSWORD).email for _ in range(PEOPLE)]
    db.session.remove()
    stop, written = threading.Event(), []
    writer = threading.Thread(target=_write_steadily, args=(app, stop, written))
    writer.start()
    try:
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda email: _sign_in(app, email), emails))
    finally:
        stop.set()
        writer.join()
    assert answers == [302] * PEOPLE
    kept = db.session.query(AuditEntry).filter_by(action="steady").count()
    assert kept == len(written) >= WRITES_AT_LEAST, "each write of the steady writer is kept, and none failed"
    assert db.session.query(SignIn).filter_by(stage="letter").count() == PEOPLE
    assert db.session.query(OutboxMessage).filter_by(template="sign_in_code").count() == PEOPLE
    assert db.session.query(SignInAttempt).filter_by(succeeded=True).count() == PEOPLE
