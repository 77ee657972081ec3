"""Sign-ins as rows: each can be seen and ended, and is looked up afresh at every request.

The browser holds a random token of 128 bits; the digest is kept. Staff: 12 hours. Parents: a day, or 30 days on a
device that they called their own. On a register tablet a sign-in locks after 15 minutes without a touch.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import joinedload

from booking.core import audit
from booking.core.db import db
from booking.people.invitations import token_digest
from booking.people.models import User
from booking.people.sign_in_models import SignIn

WORKING_ROLES = frozenset({"staff", "manager", "governor", "admin"})
STAFF_LASTS = timedelta(hours=12)
PARENT_LASTS = timedelta(days=1)
TRUST_LASTS = timedelta(days=30)
STEP_LASTS = timedelta(minutes=30)
TABLET_IDLE = timedelta(minutes=15)
SEEN_EVERY = timedelta(minutes=5)
SEEN_EVERY_ON_TABLET = timedelta(minutes=1)
BY_TOKEN = select(SignIn).options(joinedload(SignIn.user)).where(SignIn.token_digest == bindparam("digest"))
"""Asked at every request, and so made once."""

SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "Chromebook"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)


def device_words(user_agent: str) -> str:
    """`Firefox on Windows`: enough to know one's own device again, and no more than that."""
    browser = next((words for sign, words in BROWSERS if sign in user_agent), "A browser")
    system = next((words for sign, words in SYSTEMS if sign in user_agent), "a device we do not know")
    return f"{browser} on {system}"


def works_here(user: User) -> bool:
    """True for everybody who is more than a parent."""
    return bool(user.role_names & WORKING_ROLES)


def must_be_strong(user: User) -> bool:
    """True for those who need two factors at every sign-in; only accounts made by `booking demo` are spared."""
    return works_here(user) and not user.is_demo


def start(
    user: User,
    *,
    how: str,
    stage: str,
    device: str,
    at: datetime,
    is_strong: bool = False,
    trusted_until: datetime | None = None,
    ends_by: datetime | None = None,
    tablet_id: int | None = None,
) -> tuple[SignIn, str]:
    """Begin a sign-in; gives its row and its token. `stage` is `whole`, or what is still missing."""
    token = secrets.token_urlsafe(16)
    expires_at = at + (STEP_LASTS if stage != "whole" else STAFF_LASTS if works_here(user) else PARENT_LASTS)
    if stage == "whole" and trusted_until is not None and not works_here(user):
        expires_at = max(expires_at, trusted_until)
    row = SignIn(
        user_id=user.id,
        token_digest=token_digest(token),
        stage=stage,
        how=how,
        is_strong=is_strong,
        device=device,
        tablet_id=tablet_id,
        created_at=at,
        last_seen_at=at,
        proved_at=at,
        expires_at=min(expires_at, ends_by) if ends_by else expires_at,
        trusted_until=trusted_until,
    )
    db.session.add(row)
    db.session.flush()
    if stage == "whole":
        audit.record("signed_in", "sign_in", row.id, at=at, user_id=user.id, how=how)
    return row, token


def find(token: str | None, *, at: datetime) -> SignIn | None:
    """The live sign-in behind a token, with its user: not ended, not over, of somebody who may still sign in."""
    if not token:
        return None
    row = db.session.scalars(BY_TOKEN, {"digest": token_digest(token)}).first()
    if row is None or row.ended_at is not None or row.expires_at <= at or not row.user.active:
        return None
    if row.how == "pin" and row.last_seen_at <= at - TABLET_IDLE:
        return None
    return row


def opens_pages(row: SignIn) -> bool:
    """True when nothing is missing: every step was taken, and two factors shown by whoever must show two."""
    return row.stage == "whole" and (row.is_strong or not must_be_strong(row.user))


def needs_note(row: SignIn, *, at: datetime) -> bool:
    """True when the last note of having been seen is old enough for another (at most one in five minutes)."""
    return at - row.last_seen_at >= (SEEN_EVERY_ON_TABLET if row.how == "pin" else SEEN_EVERY)


def note_seen(sign_in_id: int, *, at: datetime) -> None:
    """Keep that this sign-in was in use just now."""
    db.session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=at))


def note_proof(sign_in_id: int, *, at: datetime) -> str:
    """Keep that the person proved afresh who they are; the sign-in goes on under a new token, which is given."""
    token = secrets.token_urlsafe(16)
    row = db.session.get_one(SignIn, sign_in_id)
    row.proved_at, row.token_digest = at, token_digest(token)
    audit.record("proved_afresh", "sign_in", sign_in_id, at=at, user_id=row.user_id)
    db.session.flush()
    return token


def live_sign_ins(user_id: int, *, at: datetime) -> list[SignIn]:
    """Where a person is signed in now, the latest first."""
    return list(
        db.session.scalars(
            select(SignIn)
            .where(
                SignIn.user_id == user_id,
                SignIn.stage == "whole",
                SignIn.ended_at.is_(None),
                SignIn.expires_at > at,
                or_(SignIn.how != "pin", SignIn.last_seen_at > at - TABLET_IDLE),
            )
            .order_by(SignIn.last_seen_at.desc(), SignIn.id.desc())
        )
    )


def end(sign_in_id: int, *, why: str, at: datetime, of_user: int) -> bool:
    """End one sign-in of this user; False when there was none to end. The next request with it is thrown out."""
    done = db.session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.user_id == of_user, SignIn.ended_at.is_(None))
        .values(ended_at=at, ended_why=why)
    )
    audit.record("signed_out", "sign_in", sign_in_id, at=at, user_id=of_user, why=why)
    return bool(done.rowcount)  # type: ignore[attr-defined]


def end_all(user_id: int, *, why: str, at: datetime, but: int | None = None) -> int:
    """End every sign-in of a user (but the one from which this is done), and give their number."""
    query = update(SignIn).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None))
    if but is not None:
        query = query.where(SignIn.id != but)
    count: int = db.session.execute(query.values(ended_at=at, ended_why=why)).rowcount  # type: ignore[attr-defined]
    audit.record("signed_out_everywhere", "user", user_id, at=at, user_id=user_id, why=why, count=count)
    return count
