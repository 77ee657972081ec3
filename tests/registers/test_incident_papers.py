"""The paper of an accident: every word on it, the head bump letter behind it, the same bytes for the same moment."""

from __future__ import annotations

import io
from datetime import date

import pypdf
import pytest
from flask import Flask

from booking.core.db import db, unit_of_work
from booking.people.models import Pupil
from booking.provision.models import Session
from booking.registers.incident_models import Incident
from booking.registers.incident_papers import incident_paper
from booking.registers.incidents import add_to
from tests.builders import AT, Family, a_family, a_place, a_school, a_session, a_user
from tests.registers.reports import an_incident
from tests.registers.test_sheets import SIX_SCRIPTS

MONDAY = date(2026, 11, 23)


class World:
    """A child in a club, and who writes."""

    def __init__(self) -> None:
        a_school()
        self.family: Family = a_family()
        self.child: Pupil = self.family.pupils[0]
        self.session: Session = a_session(MONDAY)
        a_place(self.family, self.session, price_pence=0)
        self.leader = a_user("staff", name="Grace Adeyemi")


@pytest.fixture
def world(app: Flask) -> World:
    return World()


def _pages(incident: Incident) -> list[str]:
    document = pypdf.PdfReader(io.BytesIO(incident_paper(incident, at=AT, by="Grace Adeyemi")))
    return [" ".join(page.extract_text().replace("\u200b", "").split()) for page in document.pages]


def test_a_head_bump_has_its_letter_and_everything_stands_on_the_paper(world: World) -> None:
    found = an_incident(
        world.session,
        world.child,
        by=world.leader,
        parts=("head", "elbow"),
        side="left",
        told="phone",
        told_whom="Mum",
    )
    with unit_of_work():
        add_to(found.id, "correction", "It was the right elbow", at=AT, user_id=world.leader.id)
        add_to(found.id, "office", "Ask the insurer", at=AT, user_id=world.leader.id)
    paper, letter = _pages(found)
    for words in (
        "Accident on Monday 23 November 2026",
        "Page 1 of 1",
        world.child.full_name,
        "Fell from the climbing frame",
        "Head, elbow (left): bump or bruise",
        "Cold pack for ten minutes",
        "Ms Adeyemi",
        "By telephone: Mum",
        "It was the right elbow",
        "Read by a parent or carer",
        "Kept until 5 October 2043",
    ):
        assert words in paper
    assert "insurer" not in paper
    assert "Your child had a bump to the head" in letter
    assert "They cannot be" not in letter
    assert "cannot be kept awake" in letter
    assert "01632 960001" in letter


def test_a_knee_has_no_letter(world: World) -> None:
    found = an_incident(world.session, world.child, by=world.leader, parts=("knee",), injuries=("cut",))
    assert len(_pages(found)) == 1


def test_a_near_miss_is_marked_for_the_office_alone(world: World) -> None:
    (paper,) = _pages(an_incident(world.session, None, by=world.leader, kind="near_miss", danger="gas"))
    assert "for the school office alone" in paper
    assert "Read by a parent" not in paper
    assert "Gas or something dangerous got out" in paper


def test_the_same_moment_gives_the_same_bytes_as_pdf_ua(world: World) -> None:
    found = an_incident(world.session, world.child, by=world.leader)
    first = incident_paper(found, at=AT, by="")
    assert first == incident_paper(found, at=AT, by="")
    assert b"pdfuaid" in first


@pytest.mark.parametrize("name", SIX_SCRIPTS)
def test_names_of_six_scripts_print(world: World, name: str) -> None:
    surname, _, forename = name.replace("،", ",").partition(",")
    with unit_of_work():
        child = db.session.get_one(Pupil, world.child.id)
        child.surname, child.forename = surname.strip(), forename.strip() or "Xi"
    paper = incident_paper(an_incident(world.session, world.child, by=world.leader), at=AT, by="")
    assert len(pypdf.PdfReader(io.BytesIO(paper)).pages) == 2
    assert b"pdfuaid" in paper


def test_a_very_long_report_runs_over_and_loses_nothing(world: World) -> None:
    words = " ".join(f"word{number}" for number in range(900))
    found = an_incident(world.session, world.child, by=world.leader, parts=("knee",), what=words)
    pages = _pages(found)
    assert len(pages) > 1
    text = " ".join(pages)
    assert all(f"word{number} " in text or f"word{number}" in text for number in range(900))
    assert f"Page 1 of {len(pages)}" in pages[0]
    assert f"Page {len(pages)} of {len(pages)}" in pages[-1]
