"""Who may sign in and as what: roles, grants and invitations; nobody changes their own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.office.families import post_invitation
from booking.people.day_passes import NO_ADDRESS
from booking.people.invitations import AlreadyAUser, invite
from booking.people.models import ROLES, Role, User
from booking.people.second_step import forget_factors
from booking.people.sign_ins import end_all
from booking.people.trusted_devices import end_trust

GRANTS = {
    "sees_groups": "Sees group facts (head, SENCO)",
    "approves": "Approves as the second person",
    "safeguarding": "Safeguarding lead",
}
MOST_SHOWN = 200


class NotYourOwn(BookingError):
    """Nobody gives themselves a role or a grant; a second person does, and nobody locks themselves out."""

    def __init__(self) -> None:
        super().__init__("You cannot change your own roles. Ask somebody else who looks after users.")


def find_users(wanted: str = "", role: str = "") -> list[User]:
    """Users by letters of name or address; without any, those who hold more than the parent's role."""
    query = (
        select(User).where(~User.email.endswith(NO_ADDRESS)).order_by(User.name, User.id).limit(MOST_SHOWN)
    )
    if wanted:
        like = f"%{wanted.replace('%', '')}%"
        query = query.where(or_(User.name.ilike(like), User.email.ilike(like)))
    if role in ROLES:
        query = query.where(User.roles.any(Role.name == role))
    elif not wanted:
        query = query.where(or_(User.roles.any(Role.name != "parent"), ~User.roles.any()))
    return list(db.session.scalars(query))


def count_by_role() -> dict[str, int]:
    """How many active users hold each role."""
    rows = db.session.execute(
        select(Role.name, func.count(User.id))
        .join(User.roles)
        .where(User.active.is_(True))
        .group_by(Role.name)
    )
    found = {name: count for name, count in rows}  # noqa: C416
    return {role: found.get(role, 0) for role in ROLES}


def change_user(
    user_id: int,
    *,
    roles: Collection[str],
    grants: Collection[str],
    is_active: bool,
    at: datetime,
    by: int,
) -> User:
    """Give a user exactly these roles and grants; raises `NotYourOwn` or `NotFound`."""
    if user_id == by:
        raise NotYourOwn
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound
    known = {role.name: role for role in db.session.scalars(select(Role))}
    user.roles = [known.get(name) or Role(name=name) for name in ROLES if name in roles]
    for grant in GRANTS:
        setattr(user, grant, grant in grants)
    user.active = is_active
    if not is_active:
        end_all(user.id, why="switched_off", at=at)
        end_trust(user.id, at=at)
    db.session.flush()
    record(
        "user_changed",
        "user",
        user.id,
        at=at,
        user_id=by,
        roles=sorted(roles),
        grants=sorted(grants),
        is_active=is_active,
    )
    return user


def forget_keys_of(user_id: int, *, at: datetime, by: int) -> str:
    """Take away passkeys, codes and PINs of somebody else who lost them, and give the name; the letter tells them."""
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound
    if user_id == by:
        raise NotYourOwn
    forget_factors(user, at=at, by=by)
    return user.name


def invite_user(email: str, name: str, role: str, *, base_url: str, at: datetime, by: int) -> str:
    """Invite somebody by e-mail into a role, and give the link; raises `AlreadyAUser` for a known address."""
    if role not in ROLES or role == "parent":
        raise NotFound
    if db.session.scalars(select(User.id).where(User.email == email.strip().lower())).first() is not None:
        raise AlreadyAUser("Somebody with this address signs in already. Give them the role instead.")
    token = invite(email, role, at=at, by_user_id=by, name=name or None)
    return post_invitation(email.strip().lower(), name or None, token, base_url=base_url, at=at)
