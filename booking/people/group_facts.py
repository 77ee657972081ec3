"""Group facts: dated characteristics of a pupil, sealed, each with the one purpose that it is held for.

Only the parts that monitor (reports), keep (import, the office's page) and erase may import this room's module; import
contracts hold that. A rule that decides about a child asks `booking.people.entitlements` and can reach nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base, UtcDateTime, db
from booking.core.vault import Private, SealedRow, unpacked

PURPOSE_OF: Mapping[str, str] = {
    "fsm": "entitlement",
    "fsm6": "entitlement",
    "pupil_premium": "entitlement",
    "sen": "entitlement",
    "looked_after": "entitlement",
    "service_child": "entitlement",
    "young_carer": "entitlement",
    "childcare_disability": "entitlement",
    "ethnicity": "monitoring",
    "language": "monitoring",
    "home_language": "monitoring",
    "sex": "monitoring",
}
"""What each kind is held for. Ethnicity, language and sex never decide about a child."""


class WrongPurpose(ValueError):
    """A programming error: a fact of this kind is not held for that purpose."""


class GroupFact(SealedRow, Base):
    """A characteristic of a pupil from a day on; what it is stands sealed, what it is held for does not."""

    __tablename__ = "group_fact"
    __table_args__ = (
        CheckConstraint("purpose IN ('monitoring', 'entitlement', 'care')", name="purpose_known"),
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="ends_after_start"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(40))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    kind = Private(str)
    value = Private(str)

    def __init__(self, **values: Any) -> None:
        super().__init__(**_with_purpose(values))

    @classmethod
    def row(cls, **values: Any) -> dict[str, Any]:
        """The columns of a new fact, for statements that insert many at once; raises `WrongPurpose`."""
        return super().row(**_with_purpose(values))


def _with_purpose(values: dict[str, Any]) -> dict[str, Any]:
    purpose = PURPOSE_OF.get(values["kind"], "care")
    if values.get("purpose", purpose) != purpose:
        raise WrongPurpose(f"{values['kind']} is held for {purpose}, not for {values['purpose']}")
    return {**values, "purpose": purpose}


class GroupObjection(Base):
    """A family's written objection to their child's group facts being counted; it holds until it is withdrawn.

    Data Protection Act 2018, Schedule 1, paragraph 8: the child then stands in no numerator and no denominator.
    """

    __tablename__ = "group_objection"
    __table_args__ = (
        CheckConstraint("withdrawn_on IS NULL OR received_on <= withdrawn_on", name="withdrawn_after"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), index=True)
    received_on: Mapped[date]
    withdrawn_on: Mapped[date | None]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


def facts_at(
    on: date, *, purpose: str | None = None, pupil_ids: Collection[int] | None = None
) -> defaultdict[int, dict[str, str]]:
    """What was true of each pupil at a day, by pupil and kind; of two facts the one that began later.

    The rows are opened in memory: no query can ask which child has which fact.
    """
    query = (
        select(GroupFact.pupil_id, GroupFact.row_key, GroupFact.sealed)
        .where(GroupFact.starts_on <= on)
        .where(or_(GroupFact.ends_on.is_(None), GroupFact.ends_on >= on))
        .order_by(GroupFact.starts_on, GroupFact.id)
    )
    if purpose is not None:
        query = query.where(GroupFact.purpose == purpose)
    if pupil_ids is not None:
        query = query.where(GroupFact.pupil_id.in_(pupil_ids))
    found: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for pupil_id, row_key, sealed in db.session.execute(query):
        said = unpacked(GroupFact, row_key, sealed)
        found[pupil_id][said["kind"]] = said["value"]
    return found


def objectors(on: date) -> set[int]:
    """The pupils whose families object, in writing, to being counted at a day."""
    return set(
        db.session.scalars(
            select(GroupObjection.pupil_id).where(
                GroupObjection.received_on <= on,
                or_(GroupObjection.withdrawn_on.is_(None), GroupObjection.withdrawn_on > on),
            )
        )
    )
