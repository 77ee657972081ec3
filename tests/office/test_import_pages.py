"""The office imports pupils on screen: look first, then a yes to exactly what was looked at."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from booking.core.db import db
from booking.core.errors import NotFound
from booking.office import kept_files
from booking.people.models import Pupil
from tests.browser import Browser
from tests.builders import AT, a_pupil, a_school, a_user
from tests.office.import_pages import throw_away, token_of, upload

ROLL = (
    "UPN,Surname,Forename,DOB,Year,Class,SEN,Contact 1 Name,Contact 1 Email\n"
    "R201100018042,Okafor,Ada,05/10/2018,3,Oak,K,Jo Okafor,jo@families.example\n"
)


@pytest.fixture
def manager(app: Flask, browser: Browser, instance: Path) -> Iterator[Browser]:
    throw_away(instance)
    a_school()
    with time_machine.travel(AT, tick=False):
        yield browser.sign_in(a_user("manager"))


def kept(instance: Path) -> list[Path]:
    return sorted((instance / "imports").glob("*"))


def test_a_file_is_looked_at_then_applied_and_then_thrown_away(manager: Browser, instance: Path) -> None:
    token = token_of(upload(manager, ROLL))
    (path,) = kept(instance)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert db.session.scalar(select(func.count()).select_from(Pupil)) == 0
    page = manager.get("office.import_preview", token=token)
    assert "Ada Okafor" in page.text
    page = manager.post("office.import_preview", {"seen": page.field("seen")}, token=token, follow=True)
    assert "1 pupil added and 0 changed. 0 stayed the same." in page.text
    assert kept(instance) == []
    manager.get("office.import_preview", token=token, expect=404)


def test_problems_are_shown_by_line_and_nothing_is_kept(manager: Browser, instance: Path) -> None:
    page = upload(manager, ROLL + "A801200005001,Ali,Ben,31/02/2020,9,Elm,,,\n", expect=422)
    for words in ("Nothing was imported", "A801200005001", "31/02/2020", "no date that exists"):
        assert words in page.text
    assert kept(instance) == []
    assert db.session.scalar(select(func.count()).select_from(Pupil)) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04", "Excel workbook"),
        (b"%PDF-1.7", "This is a PDF"),
        (b"<?xml version='1.0'?><CTfile/>", "no pupil"),
        (b"", "empty"),
    ],
)
def test_a_file_of_another_kind_is_refused(manager: Browser, content: bytes, words: str) -> None:
    assert words in upload(manager, content, expect=422).text


def test_no_file_at_all_is_told(manager: Browser) -> None:
    assert "Choose a file first." in manager.post("office.imports", {}, expect=422).text


def test_group_values_of_a_preview_are_for_those_alone_who_see_groups(app: Flask, manager: Browser) -> None:
    first = manager.get("office.import_preview", token=(token := token_of(upload(manager, ROLL))))
    manager.post("office.import_preview", {"seen": first.field("seen")}, token=token)
    changed = ROLL.replace(",K,", ",E,").replace("Oak", "Elm")
    page = manager.get("office.import_preview", token=token_of(upload(manager, changed)))
    assert "SEN changes" in page.text
    assert "Oak becomes → Elm" in page.text
    head = Browser(app).sign_in(a_user("manager", sees_groups=True))
    page = head.get("office.import_preview", token=token_of(upload(head, changed)))
    assert "SEN K becomes → E" in page.text


def test_a_yes_to_a_preview_that_is_no_longer_true_shows_it_afresh(manager: Browser) -> None:
    token = token_of(upload(manager, ROLL))
    page = manager.get("office.import_preview", token=token)
    a_pupil(surname="Okafor", forename="Ada")
    page = manager.post("office.import_preview", {"seen": page.field("seen")}, token=token, expect=422)
    assert "Something changed since you looked. Nothing was imported." in page.text
    assert db.session.scalars(select(Pupil.upn)).all() == [None]


def test_a_kept_file_is_its_users_alone_and_lasts_a_day(app: Flask, manager: Browser, instance: Path) -> None:
    token = token_of(upload(manager, ROLL))
    other = Browser(app).sign_in(a_user("manager"))
    other.get("office.import_preview", token=token, expect=404)
    other.get("office.import_preview", token="..%2f..%2fbooking.db", expect=404)
    kept_files.sweep(instance / "imports", at=AT + timedelta(days=2))
    manager.get("office.import_preview", token=token, expect=404)
    with pytest.raises(NotFound):
        kept_files.find(instance / "imports", "../../secret", user_id=1)


def test_a_file_can_be_thrown_away(manager: Browser, instance: Path) -> None:
    token = token_of(upload(manager, ROLL))
    manager.post("office.forget_import", token=token)
    assert kept(instance) == []
