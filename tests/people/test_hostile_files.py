"""Hostile files: each is refused with a clear sentence, within bounded memory, and nothing is changed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core.db import db
from booking.people.import_file import import_content, read_file
from booking.people.import_problems import ImportRefused
from booking.people.models import Pupil
from tests.browser import Browser, Page
from tests.builders import AT, a_pupil, a_school, a_user
from tests.people.ctf_files import many_pupils, one_pupil
from tests.people.hostile_files import HOSTILE, hostile
from tests.people.test_ctf_reading import TODAY

MOST_MEMORY = 150
"""Megabytes above what the product and the file itself hold before it is read."""
CHILD = """
import json, multiprocessing, re, sys
from datetime import date
from pathlib import Path
from booking.people.import_problems import ImportRefused
from booking.people.import_file import read_file

def megabytes():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

def high_water(path):
    content = path.read_bytes()
    Path("/proc/self/clear_refs").write_text("5")
    before, rows = megabytes(), ()
    try:
        rows = read_file(content, "roll", today=date(2026, 11, 23)).rows
    except ImportRefused:
        pass
    return path.name, len(rows), round(megabytes() - before)

paths = sorted(Path(sys.argv[1]).iterdir())
with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
    print(json.dumps(pool.map(high_water, paths, chunksize=1)))
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_and_changes_nothing(app: Flask, name: str) -> None:
    pupil = a_pupil()
    with pytest.raises(ImportRefused, match=HOSTILE[name].words) as refused:
        import_content(hostile(name), "roll.csv", at=AT, user_id=None)
    assert len(str(refused.value).splitlines()[0]) < 300, "one clear sentence, not the file itself"
    assert db.session.scalars(select(Pupil.id)).all() == [pupil.id]


def test_memory_stays_bounded_whatever_is_read(tmp_path: Path) -> None:
    """Each in a process of its own, with what expat holds: the hostile files, and 10,000 pupils, who are read."""
    for name in HOSTILE:
        (tmp_path / name).write_bytes(hostile(name))
    (tmp_path / "the largest roll").write_bytes(many_pupils(10_000))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    used = {name: (rows, megabytes) for name, rows, megabytes in json.loads(done.stdout)}
    assert used["the largest roll"][0] == 10_000
    assert used["the largest roll"][1] > 10, "the measure must see the rows that are kept"
    too_much = {name: megabytes for name, (_, megabytes) in used.items() if megabytes >= MOST_MEMORY}
    assert not too_much, f"megabytes: {too_much}"


def test_an_entity_that_is_everywhere_defined_is_read_and_no_other() -> None:
    content = one_pupil().replace(b"Okafor", b"O&apos;Hara &amp; &#x141;ukasik")
    (row,) = read_file(content, "roll.xml", today=TODAY).rows
    assert row.surname == "O'Hara & Łukasik"


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("UTF-8", "utf-8"), ("utf-8", "utf-8-sig"), ("UTF-16", "utf-16"), ("UTF-16LE", "utf-16-le"),
        ("ISO-8859-1", "iso-8859-1"), ("windows-1252", "cp1252"), ("", "utf-8"), ("", "utf-16"), ("", "utf-16-be"),
    ],
)  # fmt: skip
def test_the_encodings_of_school_systems_are_read(declared: str, encoding: str) -> None:
    said = f' encoding="{declared}"' if declared else ""
    text = one_pupil().decode().replace(' encoding="UTF-8"', said).replace("Okafor", "Zoë")
    (row,) = read_file(text.encode(encoding), "roll.xml", today=TODAY).rows
    assert row.surname == "Zoë"


def test_the_office_is_told_what_is_wrong_and_can_read_a_transfer_file(browser: Browser) -> None:
    a_school()
    browser.sign_in(a_user("manager"))
    page = _upload(browser, hostile("billion laughs"), expect=422)
    assert "document type or entities" in page.text
    assert "Nothing was imported" in page.text
    page = _upload(browser, many_pupils(3), expect=302)
    assert page.location
    token = page.location.rsplit("/", 1)[1]
    shown = browser.get("office.import_preview", token=token).text
    assert all(row.full_name in shown for row in read_file(many_pupils(3), "roll.xml", today=TODAY).rows)
    assert db.session.scalars(select(Pupil.id)).all() == []
    browser.post("office.forget_import", {}, token=token)


def _upload(browser: Browser, content: bytes, *, expect: int) -> Page:
    return browser.post("office.imports", {"file": (io.BytesIO(content), "roll.xml")}, expect=expect)
