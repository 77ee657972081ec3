"""Every column is classed, has a purpose, a lawful basis and a time for which it is kept; a new one fails until it is."""

from __future__ import annotations

from booking.core.db import Base
from booking.core.vault import sealed_models
from booking.office.column_classes import (
    CLASSES,
    TIES,
    column_classes,
    record_of_processing,
    retention_rules,
    table_classes,
)


def test_every_column_is_classed_and_no_other() -> None:
    columns = {(table.name, column.name) for table in Base.metadata.sorted_tables for column in table.columns}
    missing = sorted(columns - set(column_classes()))
    gone = sorted(set(column_classes()) - columns)
    lines = "\n".join(f"{table},{column},<{' or '.join(CLASSES)}>" for table, column in missing)
    assert not missing, f"add to booking/office/data/columns.csv:\n{lines}"
    assert not gone, f"take out of booking/office/data/columns.csv: {gone}"


def test_every_table_has_a_purpose_a_basis_and_an_end() -> None:
    tables = {table.name: table for table in Base.metadata.sorted_tables}
    assert set(table_classes()) == set(tables), "booking/office/data/tables.csv"
    for name, known in table_classes().items():
        assert known.purpose, name
        assert known.basis, name
        assert known.retention in retention_rules(), name
        assert known.tie in TIES, name
        assert known.tie == "none" or known.tie_column in tables[name].c, name
        assert not known.giver_column or known.giver_column in tables[name].c, name


def test_classes_are_known_ones_and_what_is_secret_says_so() -> None:
    assert set(column_classes().values()) <= set(CLASSES)
    secret = {column for column, kind in column_classes().items() if kind == "secret"}
    assert {
        ("user_account", "password"),
        ("invitation", "token_digest"),
        ("api_token", "token_digest"),
    } <= secret


def test_what_stands_sealed_is_never_internal() -> None:
    for model in sealed_models():
        assert column_classes()[model.__tablename__, "sealed"] in {"own", "child", "third_party", "secret"}


def test_the_record_of_processing_has_every_column_about_a_person() -> None:
    rows = {row["what"]: row for row in record_of_processing()}
    assert "allergies" not in rows
    assert rows["care profile"]["special category"] == "yes"
    assert rows["care profile"]["kept"] == "30 days after the child has left"
    assert "date_of_birth" in rows["pupil"]["columns"]
    assert all(row["purpose"] and row["lawful basis"] and row["kept"] for row in rows.values())
