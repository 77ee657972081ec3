"""Hostile files: each is refused with a clear sentence, within bounded memory, and nothing is changed."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core.db import db
from booking.people.ctf_reading import read_ctf
from booking.people.import_file import import_content
from booking.people.import_problems import ImportRefused
from booking.people.models import Pupil
from tests.builders import AT, a_pupil
from tests.people.ctf_files import END, HEADER, many_pupils, one_pupil

PLAIN = one_pupil().decode()
BODY = PLAIN.split("?>", 1)[1]
MOST_MEMORY = 150 * 1024 * 1024


def _with_doctype(declarations: str, use: str = "") -> bytes:
    body = BODY.replace("<Surname>Okafor", f"<Surname>{use}Okafor")
    return f'<?xml version="1.0"?><!DOCTYPE CTfile [{declarations}]>{body}'.encode()


def _laughs() -> bytes:
    lines = ['<!ENTITY l0 "ha">'] + [f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)]
    return _with_doctype("".join(lines), "&l9;")


HOSTILE: dict[str, tuple[bytes, str]] = {
    "billion laughs": (_laughs(), "document type"),
    "quadratic blow-up": (_with_doctype(f'<!ENTITY a "{"a" * 50_000}">', "&a;" * 500), "document type"),
    "external entity": (_with_doctype('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"), "document type"),
    "parameter entity": (
        _with_doctype('<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;'),
        "document type",
    ),
    "external document type": (
        f'<?xml version="1.0"?><!DOCTYPE CTfile SYSTEM "http://127.0.0.1:1/x.dtd">{BODY}'.encode(),
        "document type",
    ),
    "deep nesting": (one_pupil("<a>" * 500 + "</a>" * 500), "levels deep"),
    "huge text": (one_pupil(f"<Title>{'x' * 5_000_000}</Title>"), "longer than"),
    "huge attribute": (one_pupil(f'<Title a="{"x" * 5_000_000}"/>'), "attributes"),
    "many elements": (one_pupil("<Title/>" * 100_000), "elements"),
    "odd encoding": (f'<?xml version="1.0" encoding="UTF-7"?>{BODY}'.encode(), "UTF-7|way of writing"),
    "wrong encoding": (PLAIN.replace("Okafor", "Okaf\udcffr").encode("utf-8", "surrogateescape"), "broken"),
    "truncated": (PLAIN[: len(PLAIN) // 2].encode(), "broken"),
    "NUL": (PLAIN.replace("Okafor", "Oka\x00for").encode(), "broken"),
    "too many pupils": ((HEADER.format(version="25") + "<Pupil></Pupil>" * 10_001 + END).encode(), "10,000"),
    "too large": (one_pupil("<x>" + " " * (21 * 1024 * 1024) + "</x>"), "20 MB"),
    "no such root": (b'<?xml version="1.0"?><html><body>hello</body></html>', "not a common transfer file"),
    "nothing in it": (HEADER.format(version="25").encode() + END.encode(), "no pupil"),
    "a zip called CSV": (b"", "zip"),
    "a million columns": (b"UPN,Surname,Forename,DOB" + b",x" * 1_000_000 + b"\nA,B,C,D\n", "columns"),
    "a million headings": (b"UPN" + b",UPN" * 1_000_000 + b"\n", "columns"),
    "right-to-left override": (b"Surname,Forename,DOB\nOka\xe2\x80\xaefor,Ada,5/10/2018\n", "cannot be seen"),
    "NUL in a name": (b"Surname,Forename,DOB\nOka\x00for,Ada,5/10/2018\n", "cannot be seen"),
    "override in XML": (one_pupil().replace(b"Okafor", "Oka\u202efor".encode()), "cannot be seen"),
}


def _zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("roll.csv", "UPN,Surname\n")
    return made.getvalue()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_and_changes_nothing(app: Flask, name: str) -> None:
    content, words = HOSTILE[name]
    pupil = a_pupil()
    tracemalloc.start()
    try:
        with pytest.raises(ImportRefused, match=words):
            import_content(content or _zip(), "roll.csv", at=AT, user_id=None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEMORY
    assert db.session.scalars(select(Pupil.id)).all() == [pupil.id]


def test_ten_thousand_pupils_are_read_in_bounded_memory() -> None:
    content = many_pupils(10_000)
    assert len(content) < 20 * 1024 * 1024
    tracemalloc.start()
    try:
        found = read_ctf(content, "roll.xml", today=AT.date())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.rows) == 10_000
    assert peak < MOST_MEMORY
