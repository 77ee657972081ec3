"""Writes the demo's people: staff, parents with accounts, pupils with all that is known of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

from sqlalchemy import insert

from booking.core.clock import instant
from booking.core.db import db
from booking.office.demo.records import DemoPupil, Population
from booking.people.care_models import CareConfirmation
from booking.people.group_facts import GroupFact
from booking.people.models import (
    CareProfile,
    Consent,
    Contact,
    FamilyAccount,
    Guardianship,
    Pupil,
    Role,
    School,
    User,
    account_member,
    user_role,
)
from booking.people.sign_in import new_password

PASSWORD = "calm river seven bells"  # noqa: S105  every demo account's; refused in production
STAFF: tuple[tuple[str, str, str, dict[str, bool]], ...] = (
    (
        "head@demo.example",
        "Judith Amankwah",
        "manager",
        {"sees_groups": True, "approves": True, "safeguarding": True},
    ),
    ("office@demo.example", "Pat Lindqvist", "manager", {}),
    ("senco@demo.example", "Dev Chaudhuri", "manager", {"sees_groups": True}),
    ("rahman@demo.example", "Nasima Rahman", "staff", {}),
    ("bajwa@demo.example", "Harpreet Bajwa", "staff", {}),
    ("coach@striders.example", "Liam Forde", "staff", {}),
    ("chair@demo.example", "Margaret Whitlock", "governor", {}),
    ("it@demo.example", "Chidi Nwosu", "admin", {}),
)
Say = Callable[[str], None]


def write_school(seed: int) -> None:
    """The school itself."""
    db.session.add(
        School(
            name="Brook Lane Primary School",
            address="Brook Lane, LE99 7ZZ",
            phone="01632 960100",
            email="office@demo.example",
            is_demo=True,
            demo_seed=seed,
        )
    )


def write_people(population: Population, at: datetime, instance: Path) -> dict[str, int]:
    """Everybody, with the file of accounts; returns the user ids of the staff by e-mail."""
    roles = {name: Role(name=name) for name in ("parent", "staff", "manager", "governor", "admin")}
    db.session.add_all(roles.values())
    db.session.flush()
    hashed = new_password(PASSWORD)
    staff = {}
    for number, (email, name, role, grants) in enumerate(STAFF):
        user = User(
            email=email,
            name=name,
            password=hashed,
            fs_uniquifier=f"demo-{population.seed}-staff-{number}-{os.urandom(12).hex()}",
            is_demo=True,
            created_at=at,
            roles=[roles[role]],
            **grants,
        )
        db.session.add(user)
        db.session.flush()
        staff[email] = user.id
    _write_families(population, at, hashed, roles["parent"].id, first_user=max(staff.values()) + 1)
    _write_pupils(population, at)
    _write_accounts_file(population, instance)
    return staff


def _write_families(
    population: Population, at: datetime, hashed: str, parent: int, *, first_user: int
) -> None:
    signs_in = [adult for adult in population.adults if adult.signs_in]
    users = {adult.key: first_user + n for n, adult in enumerate(signs_in)}
    if users:
        db.session.execute(
            insert(User),
            [
                {
                    "id": users[a.key],
                    "email": str(a.email).lower(),
                    "name": a.name,
                    "phone": a.phone,
                    "password": hashed,
                    "active": True,
                    "fs_uniquifier": f"demo-{population.seed}-{a.key}-{os.urandom(12).hex()}",
                    "is_demo": True,
                    "sees_groups": False,
                    "approves": False,
                    "safeguarding": False,
                    "created_at": at,
                }
                for a in signs_in
            ],
        )
        db.session.execute(insert(user_role), [{"user_id": one, "role_id": parent} for one in users.values()])
    db.session.execute(
        insert(FamilyAccount),
        [{"id": a.key + 1, "name": a.name, "created_at": at} for a in population.accounts],
    )
    members = [
        {"account_id": a.key + 1, "user_id": users[adult]}
        for a in population.accounts
        for adult in a.adults
        if adult in users
    ]
    if members:
        db.session.execute(insert(account_member), members)
    pupils = [*population.pupils, *population.others]
    db.session.execute(insert(Pupil), [_pupil(p, at) for p in pupils])
    ties = [
        {
            "user_id": users[t.adult],
            "pupil_id": t.pupil + 1,
            "relationship_name": t.relationship,
            "parental_responsibility": t.parental_responsibility,
            "may_book": t.may_book,
            "may_collect": t.may_collect,
            "created_at": at,
        }
        for t in population.ties
        if t.adult in users
    ]
    if ties:
        db.session.execute(insert(Guardianship), ties)


def _pupil(pupil: DemoPupil, at: datetime) -> dict[str, object]:
    return {
        "id": pupil.key + 1,
        "upn": pupil.upn,
        "surname": pupil.surname,
        "forename": pupil.forename,
        "preferred_name": pupil.preferred_name,
        "date_of_birth": pupil.date_of_birth,
        "class_name": pupil.class_name,
        "year_group": pupil.year_group,
        "status": pupil.status,
        "joined_on": pupil.joined_on,
        "left_on": pupil.left_on,
        "created_at": at,
    }


def _write_pupils(population: Population, at: datetime) -> None:
    pupils = [*population.pupils, *population.others]
    facts = [
        GroupFact.row(
            pupil_id=p.key + 1,
            kind=f.kind,
            value=f.value,
            source=f.source,
            starts_on=f.starts_on,
            ends_on=f.ends_on,
            recorded_at=at,
        )
        for p in pupils
        for f in p.facts
    ]
    care = [
        CareProfile.row(
            pupil_id=p.key + 1,
            allergies=list(p.care.allergies),
            diet=list(p.care.diet),
            medical=p.care.medical,
            support=p.care.support,
            updated_at=at,
        )
        for p in pupils
        if p.care.allergies or p.care.diet or p.care.medical or p.care.support
    ]
    consents = [
        {
            "pupil_id": p.key + 1,
            "kind": c.kind,
            "details": {"latest": c.latest},
            "given_by_id": None,
            "given_at": instant(c.given_on, time(9)),
            "withdrawn_at": None,
        }
        for p in pupils
        for c in p.consents
    ]
    contacts = [
        {
            "pupil_id": c.pupil + 1,
            "given_by_id": None,
            "name": c.name,
            "relationship_name": c.relationship,
            "phone": c.phone,
            "email": c.email.lower() if c.email else None,
            "priority": c.priority,
            "parental_responsibility": c.parental_responsibility,
            "may_collect": c.may_collect,
        }
        for c in population.contacts
    ]
    confirmed = [
        {"pupil_id": p.key + 1, "user_id": None, "at": at - timedelta(days=30)}
        for p in population.pupils
        if p.key % 8
    ]
    if confirmed:
        db.session.execute(insert(CareConfirmation), confirmed)
    for model, rows in ((GroupFact, facts), (CareProfile, care), (Consent, consents), (Contact, contacts)):
        if rows:
            db.session.execute(insert(model), rows)


def _write_accounts_file(population: Population, instance: Path) -> None:
    """The list of accounts for whoever tries the demo; only this user may read it."""
    accounts = [{"email": email, "password": PASSWORD, "role": role} for email, _, role, _ in STAFF]
    accounts += [
        {"email": str(adult.email).lower(), "password": PASSWORD, "role": "parent"}
        for adult in population.adults
        if adult.signs_in
    ]
    path = instance / "demo-accounts.json"
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(accounts, indent=1), encoding="utf-8")
