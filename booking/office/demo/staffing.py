"""The demo's adults: records with their certificates, papers of both firms, and the rotas of this half-term and the next.

Not everything is well, as in a real school: one certificate ends soon, and one helper is away for a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.office.demo.offer import SCHOOL
from booking.provision.documents import DOCUMENT_WORDS, DocumentDetails, keep_document
from booking.provision.models import Session
from booking.provision.rota_changes import change_day, put_on_run
from booking.provision.staff import StaffDetails, save_staff, see_certificate


@dataclass(frozen=True)
class DemoAdult:
    """Somebody of the demo, what they lead and help in; `aid_days` is how long their first aid is good, 0 for none."""

    name: str
    role: str
    level: int
    aid_days: int
    leads: tuple[str, ...]
    helps: tuple[str, ...] = ()
    email: str = ""
    seller: str = SCHOOL


CARE = ("Care until 16:45", "Care until six", "Care after clubs")
ADULTS = (
    DemoAdult(
        "Harpreet Bajwa", "leader", 3, 520, ("Early breakfast", "Free breakfast", "Gardening club"),
        email="bajwa@demo.example",
    ),
    DemoAdult("Nasima Rahman", "leader", 3, 41, CARE, email="rahman@demo.example"),
    DemoAdult("Kwame Osei", "leader", 6, 0, ("Coding club", "Chess club")),
    DemoAdult("Zofia Kowalska", "leader", 2, 0, ("Art club", "Cooking club")),
    DemoAdult("Tom Fielding", "leader", 6, 0, ("Choir", "School newspaper", "Reading together")),
    DemoAdult(
        "Liam Forde", "leader", 0, 300, ("Football club", "Multi-skills"),
        email="coach@striders.example", seller="striders",
    ),
    DemoAdult("Ana Teixeira", "leader", 0, 410, ("Drama club",), seller="bright"),
    DemoAdult(
        "Grace Adeyemi", "assistant", 2, 640, ("Neighbours’ games",),
        ("Early breakfast", "Free breakfast", "Football club", "Art club", "Drama club", "Cooking club", "Multi-skills"),
    ),
    DemoAdult(
        "Marek Nowak", "assistant", 0, 0, (),
        ("Free breakfast", "Coding club", "Chess club", "Gardening club", "Choir", "School newspaper",
         "Neighbours’ games"),
    ),
    DemoAdult("Sunita Rao", "assistant", 2, 200, (), ("Free breakfast", "Reading together")),
    DemoAdult("Dawn Pritchard", "assistant", 3, 760, (), CARE),
    DemoAdult("Yusuf Ali", "volunteer", 0, 330, (), CARE),
)  # fmt: skip
AWAY = "Marek Nowak"


def write_papers(sellers: Mapping[str, int], first: date, until: date, *, at: datetime, today: date) -> None:
    """All papers of both firms, good until a day."""
    for key, seller_id in sellers.items():
        if key != SCHOOL:
            for kind in DOCUMENT_WORDS:
                details = DocumentDetails(kind, first, until, "Copy in the office, folder 7")
                keep_document(seller_id, details, today=today, at=at, user_id=None)


def write_adults(
    sellers: Mapping[str, int], users: Mapping[str, int], starts_on: date, *, at: datetime, today: date
) -> dict[str, int]:
    """A record for everybody, with certificates; the ids by name."""
    ids = {}
    for one in ADULTS:
        details = StaffDetails(
            name=one.name,
            starts_on=starts_on,
            ratio_role=one.role,
            level=one.level,
            dbs_checked_on=starts_on if one.seller == SCHOOL else None,
            user_id=users.get(one.email),
            seller_id=None if one.seller == SCHOOL else sellers[one.seller],
        )
        ids[one.name] = save_staff(None, details, at=at, user_id=None).id
        if one.aid_days:
            ends = today + timedelta(days=one.aid_days)
            see_certificate(ids[one.name], "paediatric_first_aid", ends, today=today, at=at, user_id=None)
    return ids


def write_rota(name: str, run_id: int, starts_on: date, ids: Mapping[str, int], *, at: datetime) -> None:
    """The standing rota of one run, from its first day on."""
    for one in ADULTS:
        if name in one.leads or name in one.helps:
            put_on_run(
                run_id, ids[one.name], from_on=starts_on, is_leader=name in one.leads, at=at, user_id=None
            )


def helps(run_name: str, adult_name: str) -> bool:
    """Whether an adult of the demo helps in an activity."""
    return any(one.name == adult_name and run_name in one.helps for one in ADULTS)


def let_one_be_away(run_ids: list[int], ids: Mapping[str, int], *, today: date, at: datetime) -> None:
    """One helper is away from the next of these runs' sessions, so that the office has something to settle."""
    session_id = db.session.scalar(
        select(Session.id)
        .where(Session.run_id.in_(run_ids), Session.date > max(today, clock.today(at)))
        .order_by(Session.date, Session.starts_at, Session.id)
        .limit(1)
    )
    if session_id is not None:
        change_day(session_id, ids[AWAY], is_here=False, at=at, user_id=None)
