"""What a family agrees that staff may give: enough to give it by, the stricter of two, and a stop by anybody."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.people.medicine_models import Medicine
from booking.people.medicines import (
    Agreed,
    CannotAgree,
    agree_online,
    dose_rule,
    living_medicines,
    same_medicine,
    stop_medicine,
)
from booking.people.models import Guardianship
from booking.registers.dose_models import MedicineGiven
from booking.registers.doses import (
    DoseRefused,
    StopFirst,
)
from tests.builders import AT, Family, a_family, a_user
from tests.registers.dose_world import MONDAY, DoseWorld
from tests.registers.reports import a_medicine


@pytest.fixture
def world(app: Flask) -> DoseWorld:
    return DoseWorld()


def _agreed(**values: object) -> Agreed:
    told: dict[str, object] = {
        "name": "Calprofen", "dose": "5 ml", "when": "Fever", "kept_where": "",
        "every_minutes": 240, "most_a_day": 2, "starts_on": MONDAY, **values,
    }  # fmt: skip
    return Agreed(**told)  # type: ignore[arg-type]


def _tie(family: Family, **values: object) -> Guardianship:
    with unit_of_work():
        tie = db.session.scalars(select(Guardianship).where(Guardianship.user_id == family.user.id)).one()
        for name, value in values.items():
            setattr(tie, name, value)
    return tie


@pytest.mark.parametrize("responsibility", ["no", "not_known"])
def test_agreeing_takes_parental_responsibility_and_unknown_is_not_a_yes(
    app: Flask, responsibility: str
) -> None:
    tie = _tie(a_family(), parental_responsibility=responsibility)
    with pytest.raises(CannotAgree, match="parental responsibility"), unit_of_work():
        agree_online(tie, _agreed(), at=AT)
    assert db.session.query(Medicine).count() == 0


def test_an_agreement_says_enough_to_give_it_by(app: Flask) -> None:
    tie = _tie(a_family())
    for values in (
        {"name": " "},
        {"dose": ""},
        {"every_minutes": -60},
        {"every_minutes": 49 * 60},
        {"most_a_day": 0},
        {"most_a_day": 13},
        {"ends_on": MONDAY - timedelta(days=1)},
    ):
        with pytest.raises(CannotAgree), unit_of_work():
            agree_online(tie, _agreed(**values), at=AT)


def test_of_two_adults_the_stricter_stands_and_another_dose_stops(world: DoseWorld) -> None:
    second = a_user("parent")
    a_medicine(
        world.pupil, by=world.leader, said_by=second, name=" calprofen ", every_minutes=360, most_a_day=1
    )
    living = living_medicines([world.pupil.id], MONDAY)[world.pupil.id]
    rule = dose_rule(world.medicine, living)
    assert (rule.every_minutes, rule.most_a_day, rule.doses) == (360, 1, ("5 ml",))
    third = a_user("parent")
    a_medicine(world.pupil, by=world.leader, said_by=third, dose="10 ml")
    with pytest.raises(StopFirst, match="5 ml and 10 ml"):
        world.give()


def test_a_new_agreement_of_the_same_adult_takes_the_place_of_the_old_one(world: DoseWorld) -> None:
    new = a_medicine(world.pupil, by=world.leader, dose="7.5 ml")
    assert [one.id for one in living_medicines([world.pupil.id], MONDAY)[world.pupil.id]] == [new.id]
    with pytest.raises(DoseRefused, match="agreement does not hold"):
        world.give()


def test_a_stop_by_any_guardian_ends_every_agreement_to_that_medicine(world: DoseWorld) -> None:
    other = a_medicine(world.pupil, by=world.leader, said_by=a_user("parent"), name="CALPROFEN")
    kept = a_medicine(world.pupil, by=world.leader, name="Salbutamol")
    with unit_of_work():
        stop_medicine(other.id, world.pupil.id, at=AT, by_id=world.family.user.id)
    assert [one.id for one in living_medicines([world.pupil.id], MONDAY)[world.pupil.id]] == [kept.id]
    for wrong in ((other.id, world.pupil.id), (kept.id, a_family().pupils[0].id)):
        with pytest.raises(NotFound), unit_of_work():
            stop_medicine(*wrong, at=AT, by_id=world.family.user.id)


@settings(max_examples=20)
@given(st.text(max_size=12))
def test_a_name_is_the_same_whatever_its_case_and_blanks(name: str) -> None:
    assert same_medicine(f"  {name.upper()} ", f"{name.upper().lower().upper()}")


def test_names_of_medicine_stand_sealed(world: DoseWorld) -> None:
    dose: MedicineGiven = world.give(second=world.other)
    for table in ("medicine", "medicine_given"):
        row = db.session.execute(text(f"SELECT * FROM {table}")).one()
        assert not any("Calprofen" in str(value) for value in row)
    assert isinstance(dose.given_at, datetime)
