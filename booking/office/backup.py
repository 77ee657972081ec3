"""A whole and verified copy of the database while it is in use, and its way back; one format for both databases.

A backup is a zip: `manifest.json` (revision, time, rows and SHA-256 of each table) and one JSON-lines file a table,
all read at one moment. `FIELD_KEYS` are never in it: the manifest holds only their fingerprints.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Date, DateTime, LargeBinary, Table, Time, insert, select, text

from booking.core.db import Base, UtcDateTime, db, read_snapshot, writer_options
from booking.core.errors import BookingError
from booking.core.vault import key_fingerprint

FORMAT = 1
AT_ONCE = 500


class BackupRefused(BookingError):
    """The file is not a whole backup of this release, or the database to restore into is not empty."""


@dataclass(frozen=True)
class BackupFacts:
    """What a backup holds: revision, rows in all, and the fingerprints of the keys that its fields need."""

    revision: str
    made_at: str
    rows: int
    key_ids: tuple[str, ...]


def write_backup(path: Path, *, revision: str, field_keys: tuple[str, ...], at: datetime) -> BackupFacts:
    """Write the backup beside its name, read it back, then move it into place; nothing half made is left."""
    part = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            tables = _write_tables(archive)
            manifest = {
                "format": FORMAT,
                "revision": revision,
                "made_at": at.isoformat(),
                "key_ids": [key_fingerprint(key) for key in field_keys],
                "tables": tables,
            }
            archive.writestr("manifest.json", json.dumps(manifest, indent=1))
        os.chmod(part, 0o600)
        facts = verify_backup(part)
        with part.open("rb") as handle:
            os.fsync(handle.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return facts


def _write_tables(archive: zipfile.ZipFile) -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {}
    with read_snapshot() as session:
        for table in Base.metadata.sorted_tables:
            digest, count = hashlib.sha256(), 0
            with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as handle:
                keys = list(table.primary_key.columns)
                for row in session.execute(select(table).order_by(*keys)).mappings():
                    line = (
                        json.dumps({k: _plain(v) for k, v in row.items()}, ensure_ascii=False).encode()
                        + b"\n"
                    )
                    digest.update(line)
                    handle.write(line)
                    count += 1
            tables[table.name] = {"rows": count, "sha256": digest.hexdigest()}
    return tables


def verify_backup(path: Path) -> BackupFacts:
    """Read every byte of a backup and hold it against its manifest; raises `BackupRefused`."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            if manifest["format"] != FORMAT:
                raise BackupRefused(f"{path.name} was made by another release (format {manifest['format']}).")
            for name, expected in manifest["tables"].items():
                _verify_table(archive, path, name, expected)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise BackupRefused(f"{path.name} is not a whole backup: {error}") from error
    rows = sum(table["rows"] for table in manifest["tables"].values())
    return BackupFacts(manifest["revision"], manifest["made_at"], rows, tuple(manifest["key_ids"]))


def _verify_table(archive: zipfile.ZipFile, path: Path, name: str, expected: dict[str, Any]) -> None:
    digest, count = hashlib.sha256(), 0
    with archive.open(f"tables/{name}.jsonl") as handle:
        for line in handle:
            digest.update(line)
            count += 1
    if count != expected["rows"] or digest.hexdigest() != expected["sha256"]:
        raise BackupRefused(f"{path.name}: the table {name} is not as it was written.")


def restore_backup(path: Path, *, revision: str, field_keys: tuple[str, ...]) -> BackupFacts:
    """Load a verified backup into an empty, migrated database in one transaction; raises `BackupRefused`."""
    facts = verify_backup(path)
    if facts.revision != revision:
        raise BackupRefused(
            f"{path.name} belongs to revision {facts.revision}, and this release is at {revision}."
        )
    missing = sorted(set(facts.key_ids) - {key_fingerprint(key) for key in field_keys})
    if missing:
        raise BackupRefused(
            f"{path.name} needs the field key {missing[0]}: put it into FIELD_KEYS and try again."
        )
    db.session.rollback()
    with db.engine.connect() as connection, zipfile.ZipFile(path) as archive:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.rollback()
        connection = connection.execution_options(**writer_options(connection.dialect.name))
        with connection.begin():
            _refuse_if_used(connection)
            for table in Base.metadata.sorted_tables:
                _load_table(connection, archive, table)
            _finish(connection, is_sqlite)
        if is_sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
    return facts


def _refuse_if_used(connection: Connection) -> None:
    for table in Base.metadata.sorted_tables:
        if connection.execute(select(table).limit(1)).first() is not None:
            raise BackupRefused("This database holds data. Restore into an empty one: nothing was changed.")


def _load_table(connection: Connection, archive: zipfile.ZipFile, table: Table) -> None:
    with archive.open(f"tables/{table.name}.jsonl") as handle:
        for rows in _in_batches(handle):
            connection.execute(
                insert(table),
                [{name: _typed(table.c[name], value) for name, value in row.items()} for row in rows],
            )


def _in_batches(lines: Any) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for line in lines:
        batch.append(json.loads(line))
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _finish(connection: Connection, is_sqlite: bool) -> None:
    """Hold foreign keys on SQLite; put the id sequences behind the restored rows on PostgreSQL."""
    if is_sqlite:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise BackupRefused(
                f"the table {broken[0]} points to a row that is not there; nothing was changed."
            )
        return
    for table in Base.metadata.sorted_tables:
        if "id" in table.c and table.c.id.type.python_type is int:
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), "  # noqa: S608
                    f'GREATEST((SELECT COALESCE(MAX(id), 0) FROM "{table.name}"), 1))'
                )
            )


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, datetime | date | time) else value


def _typed(column: Column[Any], value: Any) -> Any:
    if value is None or not isinstance(value, str):
        return value
    if isinstance(column.type, UtcDateTime | DateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    if isinstance(column.type, Time):
        return time.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return bytes.fromhex(value)
    return value
