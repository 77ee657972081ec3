"""Builders of the rota: staff records with their certificates, standing lines, changes for a day, and firms' papers."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from booking.core.db import Base, unit_of_work
from booking.provision.models import Run, Seller, Session
from booking.provision.staff_models import (
    DOCUMENTS,
    RotaChange,
    RotaLine,
    SellerDocument,
    StaffCertificate,
    StaffingRatio,
    StaffingRule,
    StaffRecord,
)
from tests.builders import AT, save

FIRST_AID = "paediatric_first_aid"
YEAR_STARTS = date(2026, 9, 1)


def change(row: Base, **values: Any) -> None:
    """Change a row that stands."""
    with unit_of_work():
        for name, value in values.items():
            setattr(row, name, value)


def a_staff_record(name: str = "", *, first_aid: date | None = None, **values: Any) -> StaffRecord:
    """An assistant of the school who counts; `first_aid` is the last day of a paediatric certificate."""
    held = [StaffCertificate(kind=FIRST_AID, expires_on=first_aid, seen_at=AT)] if first_aid else []
    record = StaffRecord(
        **{
            "name": name or f"Jo Price {secrets.token_hex(2)}",
            "dbs_checked_on": YEAR_STARTS,
            "starts_on": YEAR_STARTS,
            "certificates": held,
            **values,
        }
    )
    save(record)
    return record


def on_rota(run_id: int, *staff: StaffRecord, **values: Any) -> None:
    """Standing lines of these people on a run, since September."""
    for one in staff:
        save(RotaLine(**{"run_id": run_id, "staff_id": one.id, "from_on": YEAR_STARTS, **values}))


def for_the_day(session: Session, one: StaffRecord, *, is_here: bool, **values: Any) -> RotaChange:
    """A day's change of a session's rota."""
    change = RotaChange(
        **{"session_id": session.id, "staff_id": one.id, "is_here": is_here, "at": AT, **values}
    )
    save(change)
    return change


def a_staffed_run(run: Run, adults: int = 2) -> list[StaffRecord]:
    """Enough adults on a run's rota, the first of them a first-aider and the leader."""
    staff = [a_staff_record(first_aid=date(2028, 1, 1) if n == 0 else None) for n in range(adults)]
    on_rota(run.id, staff[0], is_leader=True)
    on_rota(run.id, *staff[1:])
    return staff


def a_rule(per_adult: dict[str, int] | None = None, **values: Any) -> StaffingRule:
    """A rule of the school since September: at least two adults, the published figures else."""
    rule = StaffingRule(
        **{
            "from_on": YEAR_STARTS,
            "least_adults": 2,
            "decided_by": "Governing body",
            "at": AT,
            "ratios": [
                StaffingRatio(year_group=y, children_per_adult=n) for y, n in (per_adult or {}).items()
            ],
            **values,
        }
    )
    save(rule)
    return rule


def papers_in_date(seller: Seller, until: date = date(2027, 8, 31), *, without: str = "") -> None:
    """All papers of an outside seller, good until a day."""
    for kind in DOCUMENTS:
        if kind != without:
            save(
                SellerDocument(
                    seller_id=seller.id, kind=kind, from_on=YEAR_STARTS, good_until=until, seen_at=AT
                )
            )
