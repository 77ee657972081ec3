"""What stands term after term: activities, the sellers behind them, and rooms."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.provision.models import Activity, Room, Seller

Kept = TypeVar("Kept", Activity, Seller, Room)


class NameTaken(BookingError):
    """Another activity, seller or room has this name, and people would mix the two up."""

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” is there already. Choose another name.")


@dataclass(frozen=True)
class ActivityDetails:
    """What the office enters of an activity; `area` is one of the five of the enrichment framework, or none."""

    name: str
    kind: str
    seller_id: int
    area: str | None = None
    description: str = ""
    is_free_slot: bool = False
    runs_on_inset: bool = False
    runs_on_early_finish: bool = False


@dataclass(frozen=True)
class SellerDetails:
    """What a receipt must say of who was paid; `registration` is the number of the kind that is said, or none."""

    name: str
    is_school: bool = False
    address: str = ""
    phone: str = ""
    email: str = ""
    registration: str | None = None
    registration_kind: str = "none"
    vat_number: str = ""
    account_code: str = ""
    fee_basis_points: int = 0


@dataclass(frozen=True)
class RoomDetails:
    """A place where children are, how many it holds at most, and the minutes on foot from the main door."""

    name: str
    capacity: int
    minutes_away: int = 0


def save_activity(
    activity_id: int | None, details: ActivityDetails, *, at: datetime, user_id: int | None
) -> Activity:
    """Add an activity, or change one; raises `NameTaken`."""
    if db.session.get(Seller, details.seller_id) is None:
        raise NotFound
    return _save(Activity, activity_id, details, at=at, user_id=user_id)


def save_seller(
    seller_id: int | None, details: SellerDetails, *, at: datetime, user_id: int | None
) -> Seller:
    """Add a seller, or change one; raises `NameTaken`."""
    return _save(Seller, seller_id, details, at=at, user_id=user_id)


def save_room(room_id: int | None, details: RoomDetails, *, at: datetime, user_id: int | None) -> Room:
    """Add a room, or change one; sessions that stand keep their capacity until it is carried to them."""
    return _save(Room, room_id, details, at=at, user_id=user_id)


def _save(
    model: type[Kept],
    row_id: int | None,
    details: ActivityDetails | SellerDetails | RoomDetails,
    *,
    at: datetime,
    user_id: int | None,
) -> Kept:
    """Write the details into a new row or an old one, under a name of its own."""
    taken = db.session.scalars(
        select(model.id).where(model.name == details.name, model.id != (row_id or 0))
    ).first()
    if taken is not None:
        raise NameTaken(details.name)
    row = db.session.get(model, row_id) if row_id else model()
    if row is None:
        raise NotFound
    for name, value in asdict(details).items():
        setattr(row, name, value)
    db.session.add(row)
    db.session.flush()
    record("saved", model.__tablename__, row.id, at=at, user_id=user_id)
    return row
