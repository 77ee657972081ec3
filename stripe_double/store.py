"""Everything that the double knows, in one SQLite file: a restart forgets nothing.

One lock serialises all writers, so that what a request reads and then writes cannot change in between.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Thing = dict[str, Any]
SCHEMA = """
CREATE TABLE IF NOT EXISTS thing (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, kind TEXT, body TEXT);
CREATE TABLE IF NOT EXISTS answer (key TEXT PRIMARY KEY, question TEXT, status INTEGER, body TEXT);
CREATE TABLE IF NOT EXISTS delivery (event_id TEXT PRIMARY KEY, tries INTEGER, next_try INTEGER, done INTEGER);
"""


class Store:
    """The file, with its lock; `with store.changing()` makes everything inside happen together or not at all."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock and one transaction; a raised error undoes it."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def put(self, thing: Thing) -> Thing:
        """Add or replace an object of Stripe's, by its id."""
        with self._lock:
            self._db.execute(
                "INSERT INTO thing (id, kind, body) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
                (thing["id"], thing["object"], json.dumps(thing)),
            )
        return thing

    def get(self, kind: str, thing_id: str) -> Thing | None:
        """An object by its id, or nothing."""
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM thing WHERE id = ? AND kind = ?", (thing_id, kind)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def all(self, kind: str) -> list[Thing]:
        """All objects of a kind, newest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT body FROM thing WHERE kind = ? ORDER BY seq DESC", (kind,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def answer_to(self, key: str) -> tuple[str, int, Thing] | None:
        """The question and answer that were kept for an idempotency key."""
        with self._lock:
            row = self._db.execute(
                "SELECT question, status, body FROM answer WHERE key = ?", (key,)
            ).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def keep_answer(self, key: str, question: str, status: int, body: Thing) -> None:
        """Keep the first answer for an idempotency key."""
        with self._lock:
            self._db.execute(
                "INSERT OR IGNORE INTO answer VALUES (?, ?, ?, ?)", (key, question, status, json.dumps(body))
            )

    def enqueue(self, event_id: str, at: int) -> None:
        """An event is to be delivered."""
        with self._lock:
            self._db.execute("INSERT INTO delivery VALUES (?, 0, ?, 0)", (event_id, at))

    def due(self, at: int) -> list[tuple[str, int]]:
        """Events to deliver now with the tries so far, oldest first."""
        with self._lock:
            query = (
                "SELECT d.event_id, d.tries FROM delivery d JOIN thing t ON t.id = d.event_id "
                "WHERE d.done = 0 AND d.next_try <= ? ORDER BY t.seq"
            )
            return self._db.execute(query, (at,)).fetchall()

    def note_delivery(self, event_id: str, *, is_done: bool, next_try: int) -> None:
        """One try was made."""
        with self._lock:
            self._db.execute(
                "UPDATE delivery SET tries = tries + 1, done = ?, next_try = ? WHERE event_id = ?",
                (int(is_done), next_try, event_id),
            )

    def undelivered(self) -> set[str]:
        """Ids of the events that nobody has taken yet."""
        with self._lock:
            return {row[0] for row in self._db.execute("SELECT event_id FROM delivery WHERE done = 0")}
