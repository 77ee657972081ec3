"""Which outside provider sees what of which children: the sharing list of the school's data protection officer."""

from __future__ import annotations

from sqlalchemy import func, select

from booking.bookings.models import Place
from booking.core.db import db
from booking.provision.models import Activity, Run, Seller, Session

SEEN = (
    "name and class; on the leader's sheet year, allergies, food, health, support, who may collect, whether the child "
    "goes home alone, and adults to whom the child is not released"
)
NOT_SEEN = "addresses, telephone numbers, groups (meals, SEN, ethnicity, language), money of the family"


def sharing_list() -> list[dict[str, str]]:
    """A row for each activity of an outside provider: who, what they see, and of how many children so far."""
    children = (
        select(Run.activity_id, func.count(func.distinct(Place.pupil_id)).label("children"))
        .join(Session, Session.run_id == Run.id)
        .join(Place, Place.session_id == Session.id)
        .where(Place.state == "booked")
        .group_by(Run.activity_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Seller.name,
            Seller.address,
            Seller.registration,
            Activity.name.label("activity"),
            children.c.children,
        )
        .join(Activity, Activity.seller_id == Seller.id)
        .outerjoin(children, children.c.activity_id == Activity.id)
        .where(Seller.is_school.is_(False))
        .order_by(Seller.name, Activity.name)
    )
    return [
        {
            "shared with": row.name,
            "address": row.address or "",
            "registration": row.registration or "",
            "activity": row.activity,
            "children": str(row.children or 0),
            "they see": SEEN,
            "they do not see": NOT_SEEN,
        }
        for row in rows
    ]
