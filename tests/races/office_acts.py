"""What the worker and the office do in the race: holds run out, offers are made, places are cut and added."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from booking.bookings.changes import cut_capacity, who_would_go
from booking.bookings.expiry import expire_overdue
from booking.bookings.models import Place, WaitingEntry
from booking.bookings.offers import make_offers
from booking.core.db import db
from tests.races.history import micros
from tests.races.operations import Act, Effects, Families
from tests.races.school import School

WEIGHTS = {
    "expire": 30,
    "again": 16,
    "hold": 14,
    "join": 12,
    "extend": 10,
    "pay": 10,
    "end_page": 8,
    "cancel": 6,
    "accept": 4,
    "open_page": 4,
    "pay_late": 4,
    "offer": 3,
    "swap": 3,
    "leave": 2,
    "capacity": 1,
}


class Everybody(Families):
    """Families, the worker and the office."""

    def __init__(
        self, school: School, chance: random.Random, slot: int, slots: int, acts: Mapping[str, int]
    ) -> None:
        super().__init__(school, chance, slot, slots)
        self.acts = acts

    def some(self, at: int) -> Act:
        """Whatever chance says, until there is something of that kind to do."""
        act: Act | None = None
        while act is None:
            (kind,) = self.chance.choices(list(self.acts), list(self.acts.values()))
            act = getattr(self, kind)(at)
        db.session.rollback()
        return act

    def expire(self, at: int) -> Act:
        """The worker lets holds go whose time is over."""

        def run(now: datetime) -> Effects:
            return [["expired", expire_overdue(now)]]

        return Act("expire", {}, run)

    def offer(self, at: int) -> Act:
        """The worker offers what is free."""

        def run(now: datetime) -> Effects:
            if not make_offers(now):
                return []
            rows = db.session.execute(
                select(WaitingEntry.id, Place)
                .join(Place, Place.id == WaitingEntry.offered_place_id)
                .where(WaitingEntry.state == "offered", Place.held_at == now)
            )
            return [
                ["offer", p.id, p.pupil_id, p.session_id, p.account_id, micros(p.held_until), entry]
                for entry, p in rows
            ]

        return Act("offer", {}, run)

    def capacity(self, at: int) -> Act:
        """The office gives a session another number of places, and says who would go."""
        session = self.chance.choice(self.sessions)
        number = self.chance.choice((1, 2, 3, 3, 4, 4, 5))

        def run(now: datetime) -> Effects:
            going = [place.id for place in who_would_go(session, number)]
            cut_capacity(session, number, "Room", expected=going, at=now, user_id=self.school.office)
            db.session.expire_all()
            gone = db.session.scalars(select(Place).where(Place.id.in_(going)))
            ends = [["end", p.id, p.price_pence if p.booked_at is not None else 0] for p in gone]
            return [["capacity", session, number], *ends]

        return Act("capacity", {"session": session, "number": number}, run)
