"""`booking check` names what cannot be of staff, rotas and papers, and finds nothing where all is well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from booking.office.checks import all_problems
from booking.provision.models import Run
from booking.provision.staff_models import SellerDocument, StaffMark, StaffRecord
from tests.builders import a_run, a_seller, save
from tests.staff_builders import a_staff_record, a_staffed_run, on_rota

pytestmark = pytest.mark.usefixtures("app")
AT = datetime(2026, 11, 25, 15, 40, tzinfo=UTC)
WEDNESDAY = date(2026, 11, 25)
Plant = Callable[[Run, StaffRecord], None]


def _twice(run: Run, one: StaffRecord) -> None:
    on_rota(run.id, one, from_on=date(2026, 10, 1))


def _long_pass(run: Run, one: StaffRecord) -> None:
    a_staff_record(is_agency=True, starts_on=WEDNESDAY, ends_on=WEDNESDAY + timedelta(days=1))


def _endless_pass(run: Run, one: StaffRecord) -> None:
    a_staff_record(is_agency=True, starts_on=WEDNESDAY)


def _mark(one: StaffRecord, **values: object) -> StaffMark:
    mark = StaffMark(
        **{"staff_id": one.id, "what": "in", "day": WEDNESDAY, "at": AT, "recorded_at": AT, **values}
    )
    save(mark)
    return mark


def _wrong_day(run: Run, one: StaffRecord) -> None:
    _mark(one, day=WEDNESDAY - timedelta(days=1))


def _to_come(run: Run, one: StaffRecord) -> None:
    _mark(one, at=AT + timedelta(minutes=1))


def _foreign(run: Run, one: StaffRecord) -> None:
    first = _mark(one)
    _mark(a_staff_record(), what="undone", undoes_id=first.id)


def _own_paper(run: Run, one: StaffRecord) -> None:
    school = a_seller()
    save(
        SellerDocument(
            seller_id=school.id, kind="insurance", from_on=WEDNESDAY, good_until=WEDNESDAY, seen_at=AT
        )
    )


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (_twice, "stands on it twice from 2026-10-01"),
        (_long_pass, "for more than one day"),
        (_endless_pass, "for more than one day"),
        (_wrong_day, "cannot be"),
        (_to_come, "cannot be"),
        (_foreign, "somebody else"),
        (_own_paper, "of the school itself"),
    ],
)
def test_each_fault_is_named_and_there_was_none_before(plant: Plant, words: str) -> None:
    run = a_run()
    leader, _ = a_staffed_run(run)
    a_staff_record(is_agency=True, starts_on=WEDNESDAY, ends_on=WEDNESDAY)
    assert all_problems() == []
    plant(run, leader)
    (problem,) = all_problems()
    assert words in problem
