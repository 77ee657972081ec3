"""Everything that the double knows, in one SQLite file: a restart forgets nothing.

One lock serialises all writers, so that what a request reads and then writes cannot change in between. Lists are read
by index, page by page, as text that is sent on unread: 20,000 payments are listed in a moment.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

Thing = dict[str, Any]
SCHEMA = """
CREATE TABLE IF NOT EXISTS thing (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, kind TEXT, body TEXT);
CREATE INDEX IF NOT EXISTS thing_by_kind ON thing (kind, seq);
CREATE INDEX IF NOT EXISTS thing_by_intent ON thing (kind, json_extract(body, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS session_by_end ON thing (json_extract(body, '$.expires_at'))
WHERE kind = 'checkout.session' AND json_extract(body, '$.status') = 'open';
CREATE TABLE IF NOT EXISTS kept_answer (key TEXT PRIMARY KEY, question TEXT, status INTEGER, body TEXT, at INTEGER);
CREATE TABLE IF NOT EXISTS posting
(seq INTEGER PRIMARY KEY, event_id TEXT, tries INTEGER, next_try INTEGER, done INTEGER);
CREATE INDEX IF NOT EXISTS posting_due ON posting (next_try) WHERE done = 0;
"""
OVERDUE = (
    "SELECT id FROM thing INDEXED BY session_by_end WHERE kind = 'checkout.session' "
    "AND json_extract(body, '$.status') = 'open' AND json_extract(body, '$.expires_at') <= ?"
)
KEY_LASTS = 24 * 3600


class Store:
    """The file, with its lock; `with store.changing()` makes everything inside happen together or not at all."""

    def __init__(self, path: Path, *, is_lasting: bool = True) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(f"PRAGMA synchronous={'FULL' if is_lasting else 'OFF'}")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._db.close()

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

    def take_away(self, thing_id: str) -> None:
        """Forget an object for good."""
        with self._lock:
            self._db.execute("DELETE FROM thing WHERE id = ?", (thing_id,))

    def get(self, kind: str, thing_id: str) -> Thing | None:
        """An object by its id, or nothing."""
        with self._lock:
            row = self._db.execute(
                "SELECT body FROM thing WHERE id = ? AND kind = ?", (thing_id, kind)
            ).fetchone()
        return json.loads(row[0]) if row else None

    @staticmethod
    def text_of(thing: Thing | None) -> bytes:
        """An object as it is posted."""
        return json.dumps(thing, indent=2).encode()

    def all(self, kind: str) -> list[Thing]:
        """All objects of a kind, newest first."""
        return [json.loads(text) for text in self.texts(kind, [], limit=-1)]

    def texts(
        self, kind: str, where: Sequence[tuple[str, list[Any]]], *, limit: int, forwards: bool = False
    ) -> list[str]:
        """The JSON of the first objects of a kind that fulfil every condition, newest first (or oldest first)."""
        words = " AND ".join(["kind = ?", *(condition for condition, _ in where)])
        values = [kind, *(value for _, several in where for value in several), limit]
        query = (
            f"SELECT json_remove(body, '$.line_items') FROM thing WHERE {words} "  # noqa: S608
            f"ORDER BY seq {'ASC' if forwards else 'DESC'} LIMIT ?"
        )
        with self._lock:
            return [row[0] for row in self._db.execute(query, values)]

    def overdue(self, at: int) -> list[str]:
        """Ids of the open sessions whose time is over."""
        with self._lock:
            return [row[0] for row in self._db.execute(OVERDUE, (at,))]

    def balance(self) -> int:
        """What the account holds: every balance transaction, net of its fee."""
        query = "SELECT total(json_extract(body, '$.net')) FROM thing WHERE kind = 'balance_transaction'"
        with self._lock:
            return int(self._db.execute(query).fetchone()[0])

    def answer_to(self, key: str, at: int) -> tuple[str, int, Thing] | None:
        """The question and answer that were kept for an idempotency key in the last 24 hours."""
        with self._lock:
            row = self._db.execute(
                "SELECT question, status, body FROM kept_answer WHERE key = ? AND at > ?",
                (key, at - KEY_LASTS),
            ).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def keep_answer(self, key: str, question: str, status: int, body: Thing, at: int) -> None:
        """Keep the first answer for an idempotency key."""
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO kept_answer VALUES (?, ?, ?, ?, ?)",
                (key, question, status, json.dumps(body), at),
            )

    def enqueue(self, event_id: str, at: int | None) -> None:
        """An event is to be delivered at an instant; without one it never is, and stays undelivered."""
        with self._lock:
            self._db.execute(
                "INSERT INTO posting (event_id, tries, next_try, done) VALUES (?, 0, ?, 0)", (event_id, at)
            )

    def due(self, at: int) -> list[tuple[int, str, int]]:
        """Deliveries to make now, by number, with their events and the tries so far, oldest first."""
        with self._lock:
            query = "SELECT seq, event_id, tries FROM posting WHERE done = 0 AND next_try <= ? ORDER BY next_try, seq"
            return self._db.execute(query, (at,)).fetchall()

    def note_delivery(self, number: int, *, is_done: bool, next_try: int) -> None:
        """One try was made."""
        with self._lock:
            self._db.execute(
                "UPDATE posting SET tries = tries + 1, done = ?, next_try = ? WHERE seq = ?",
                (int(is_done), next_try, number),
            )
