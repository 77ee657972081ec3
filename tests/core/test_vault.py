"""Private words stand sealed: they open in their own place alone, and the database file gives none of them away."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from booking.core.db import db, unit_of_work
from booking.core.settings import DEFAULT_FIELD_KEY
from booking.core.vault import (
    CannotOpen,
    open_sealed,
    seal,
    seal_next_batch,
    sealed_models,
    use_keys,
    vault_problems,
)
from booking.office.backup import write_backup
from booking.people.group_facts import GroupFact
from booking.people.models import CareProfile
from tests.builders import AT, a_care_profile, a_group_fact, a_pupil

PLACE = {"table": "care_profile", "column": "sealed", "row_key": "a" * 32}


@given(words=st.text())
@settings(max_examples=50)
def test_what_is_sealed_opens_in_its_own_place_and_nowhere_else(words: str) -> None:
    use_keys([DEFAULT_FIELD_KEY])
    sealed = seal(words, **PLACE)
    assert open_sealed(sealed, **PLACE) == words
    for other in ({"table": "group_fact"}, {"column": "notes"}, {"row_key": "b" * 32}):
        with pytest.raises(CannotOpen):
            open_sealed(sealed, **{**PLACE, **other})


def test_one_changed_bit_does_not_open(app: Flask) -> None:
    sealed = bytearray(seal("asthma", **PLACE))
    sealed[-1] ^= 1
    with pytest.raises(CannotOpen, match="changed"):
        open_sealed(bytes(sealed), **PLACE)


def test_a_key_that_is_not_here_is_named(app: Flask) -> None:
    sealed = seal("asthma", **PLACE)
    with pytest.raises(CannotOpen, match="00000000"):
        open_sealed(b"\x00" * 4 + sealed[4:], **PLACE)


def test_the_same_words_never_look_the_same(app: Flask) -> None:
    assert seal("peanuts", **PLACE) != seal("peanuts", **PLACE)


def test_a_ciphertext_moved_to_another_child_is_found(app: Flask) -> None:
    one, other = a_care_profile(a_pupil(), medical="epilepsy"), a_care_profile(a_pupil(), medical="none")
    with unit_of_work() as session:
        session.execute(
            text("UPDATE care_profile SET sealed = :sealed WHERE id = :id"),
            {"sealed": one.sealed, "id": other.id},
        )
    assert list(vault_problems()) == [
        f"row {other.id}: care_profile: a sealed value was changed or moved to another row."
    ]
    with pytest.raises(CannotOpen):
        _ = db.session.get_one(CareProfile, other.id).medical


def test_fifty_seeded_phrases_are_nowhere_in_the_database_nor_in_a_backup(
    app: Flask, tmp_path: object
) -> None:
    phrases = [f"seeded phrase {number:02d} Xylophon" for number in range(46)]
    for number in range(0, 40, 4):
        pupil = a_pupil()
        allergies, diet, medical, support = phrases[number : number + 4]
        a_care_profile(pupil, allergies=[allergies], diet=[diet], medical=medical, support=support)
    for phrase, kind in zip(
        phrases[40:], ("sen", "fsm", "ethnicity", "language", "sex", "young_carer"), strict=True
    ):
        a_group_fact(a_pupil(), kind, phrase)
    words = [*phrases, "young_carer", "ethnicity", "language", "looked_after"]
    assert len(words) == 50
    stored = _all_bytes(app)
    found = [phrase for phrase in words if phrase.encode() in stored]
    path = tmp_path / "school.zip"  # type: ignore[operator]
    write_backup(path, revision="r", field_keys=(), at=AT)
    assert [*found, *(phrase for phrase in words if phrase.encode() in path.read_bytes())] == []
    assert db.session.scalars(select(CareProfile)).first().allergies == [phrases[0]]  # type: ignore[union-attr]


def _all_bytes(app: Flask) -> bytes:
    """Everything that the database keeps: SQLite's file with its log; on PostgreSQL every row in its stored form."""
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(FULL)")
            name = connection.exec_driver_sql("PRAGMA database_list").first()[2]  # type: ignore[index]
        with open(name, "rb") as file:
            return file.read()
    rows = []
    with db.engine.connect() as connection:
        for table in ("care_profile", "group_fact"):
            rows += [bytes(row[0]) for row in connection.execute(text(f"SELECT sealed FROM {table}"))]
            rows += [
                json.dumps(row[0]).encode()
                for row in connection.execute(text(f"SELECT to_json(t) FROM {table} t"))
            ]
    return b"\n".join(rows)


def test_keys_change_while_the_school_is_in_use(app: Flask) -> None:
    care = a_care_profile(a_pupil(), medical="insulin at noon")
    fact = a_group_fact(a_pupil(), "ethnicity", "BSOM")
    before = care.sealed[:4]
    try:
        use_keys(["a new key that is long enough to be one"])
        assert care.medical == "insulin at noon", "the old key still opens"
        for model in sealed_models():
            after = -1
            while after:
                with unit_of_work():
                    after, _ = seal_next_batch(model, after=max(after, 0))
        db.session.expire_all()
        sealed = db.session.get_one(CareProfile, care.id)
        assert sealed.sealed[:4] != before
        assert sealed.medical == "insulin at noon"
        assert db.session.get_one(GroupFact, fact.id).value == "BSOM"
        assert list(vault_problems()) == []
    finally:
        db.session.rollback()
        use_keys([DEFAULT_FIELD_KEY])


def test_rows_sealed_for_a_bulk_insert_read_the_same(app: Flask) -> None:
    pupil = a_pupil()
    with unit_of_work() as session:
        session.execute(
            CareProfile.__table__.insert(),
            [CareProfile.row(pupil_id=pupil.id, allergies=["sesame"], updated_at=AT)],
        )
    care = db.session.scalars(select(CareProfile)).one()
    assert (care.allergies, care.diet, care.medical) == (["sesame"], [], None)
