"""A backup is whole or nothing, and what comes back is what went in."""

import json
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from booking.app import MIGRATIONS
from booking.core.db import Base, db
from booking.office.backup import BackupRefused, restore_backup, verify_backup, write_backup
from tests.builders import AT, a_care_profile, a_family, a_school, a_session
from tests.conftest import empty_database

REVISION = max(path.stem for path in MIGRATIONS.glob("versions/0*.py"))


def _everything() -> dict[str, list[tuple[object, ...]]]:
    rows = {}
    for table in Base.metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        rows[table.name] = [tuple(row) for row in db.session.execute(select(table).order_by(*keys))]
    db.session.rollback()
    return rows


def _a_full_school() -> None:
    a_school(name="Ysgol Łódź 学校")
    family = a_family(children=2)
    a_care_profile(family.pupils[0], medical="asthma – blue inhaler")
    a_session()


def test_what_comes_back_is_what_went_in(app: Flask, tmp_path: Path) -> None:
    _a_full_school()
    before = _everything()
    made = write_backup(tmp_path / "b.zip", revision=REVISION, field_keys=(), at=AT)
    assert made.rows == sum(len(rows) for rows in before.values())
    empty_database()
    restore_backup(tmp_path / "b.zip", revision=REVISION, field_keys=())
    assert _everything() == before
    a_family()  # ids go on behind the restored ones


def test_a_restore_into_a_database_with_data_changes_nothing(app: Flask, tmp_path: Path) -> None:
    _a_full_school()
    write_backup(tmp_path / "b.zip", revision=REVISION, field_keys=(), at=AT)
    before = _everything()
    with pytest.raises(BackupRefused, match="holds data"):
        restore_backup(tmp_path / "b.zip", revision=REVISION, field_keys=())
    assert _everything() == before


def test_a_byte_changed_in_the_file_is_found(app: Flask, tmp_path: Path) -> None:
    _a_full_school()
    path = tmp_path / "b.zip"
    write_backup(path, revision=REVISION, field_keys=(), at=AT)
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b"row_key", b"row_kex") if "care" in name else content)
    with pytest.raises(BackupRefused, match="care_profile"):
        verify_backup(changed)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(BackupRefused, match="not a whole backup"):
        verify_backup(path)


def test_a_backup_never_holds_a_field_key_and_restore_names_the_one_it_needs(
    app: Flask, tmp_path: Path
) -> None:
    _a_full_school()
    path = tmp_path / "b.zip"
    facts = write_backup(path, revision=REVISION, field_keys=("k" * 44,), at=AT)
    with zipfile.ZipFile(path) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist())
        assert json.loads(archive.read("manifest.json"))["key_ids"] == list(facts.key_ids)
    assert b"k" * 44 not in whole
    empty_database()
    with pytest.raises(BackupRefused, match=facts.key_ids[0]):
        restore_backup(path, revision=REVISION, field_keys=())
    restore_backup(path, revision=REVISION, field_keys=("other", "k" * 44))


def test_another_revision_is_refused(app: Flask, tmp_path: Path) -> None:
    _a_full_school()
    write_backup(tmp_path / "b.zip", revision="0000_before", field_keys=(), at=AT)
    empty_database()
    with pytest.raises(BackupRefused, match="0000_before"):
        restore_backup(tmp_path / "b.zip", revision=REVISION, field_keys=())


def test_a_failed_backup_leaves_no_file(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _a_full_school()
    monkeypatch.setattr("booking.office.backup.FORMAT", object())
    with pytest.raises(TypeError):
        write_backup(tmp_path / "b.zip", revision=REVISION, field_keys=(), at=AT)
    assert list(tmp_path.iterdir()) == []
