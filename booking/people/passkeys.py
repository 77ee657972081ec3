"""Passkeys (WebAuthn) over the library's functions: ask with a challenge, check the answer, keep the counter.

A challenge is taken in a unit of work of its own before the answer is looked at, so no answer counts twice; the
cryptography runs outside any transaction.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.invitations import token_digest
from booking.people.models import User
from booking.people.one_time import tell
from booking.people.sign_in_models import Passkey, PasskeyChallenge

LASTS = timedelta(minutes=5)
MOST_PASSKEYS = 10
LONGEST_ANSWER = 20_000
UNREADABLE = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)
"""What the library raises for an answer that is false or garbled."""


class PasskeyRefused(BookingError):
    """The passkey is unknown, was not unlocked, answered late or twice, or is a copy; always the same words."""

    def __init__(self) -> None:
        super().__init__("That passkey did not work here. Try again, or use your password.")


class TooManyPasskeys(BookingError):
    """Ten passkeys are enough for anybody; one must go first."""

    def __init__(self) -> None:
        super().__init__(f"You have {MOST_PASSKEYS} passkeys. Remove one that you do not use first.")


@dataclass(frozen=True)
class Site:
    """Where passkeys of this school work: the host name alone, and the whole origin."""

    host: str
    origin: str


@dataclass(frozen=True)
class Asked:
    """A challenge that was taken: what was sent, for what, and to whom when somebody was known."""

    challenge: bytes
    user_id: int | None
    user_handle: str | None


def site_of(base_url: str) -> Site:
    """The site at an address such as `https://clubs.example.org`."""
    parts = urlsplit(base_url)
    return Site(parts.hostname or "localhost", f"{parts.scheme}://{parts.netloc}")


def passkeys_of(user_id: int) -> list[Passkey]:
    """A person's passkeys, the oldest first."""
    return list(db.session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)))


def has_passkey(user_id: int) -> bool:
    """True when a person can sign in by passkey."""
    return db.session.scalar(select(Passkey.id).where(Passkey.user_id == user_id).limit(1)) is not None


def ask(purpose: str, *, user: User | None, site: Site, at: datetime) -> tuple[str, str]:
    """Write a challenge; gives the token for the browser's session and the options for its script, as JSON.

    For `sign_in` nobody is named, so the options tell nothing about who is known.
    """
    db.session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at <= at))
    token, challenge = secrets.token_urlsafe(16), secrets.token_bytes(32)
    handle = None
    if purpose == "add" and user is not None:
        handle = _handle_of(user.id)
        options = options_to_json(_options_to_add(user, handle, challenge, site))
    else:
        known = passkeys_of(user.id) if user is not None else []
        options = options_to_json(
            generate_authentication_options(
                rp_id=site.host,
                challenge=challenge,
                timeout=int(LASTS.total_seconds() * 1000),
                allow_credentials=[_described(passkey) for passkey in known] or None,
                user_verification=UserVerificationRequirement.REQUIRED,
            )
        )
    db.session.add(
        PasskeyChallenge(
            token_digest=token_digest(token),
            challenge=challenge,
            purpose=purpose,
            user_id=user.id if user else None,
            user_handle=handle,
            expires_at=at + LASTS,
        )
    )
    db.session.flush()
    return token, options


def _options_to_add(user: User, handle: str, challenge: bytes, site: Site):  # type: ignore[no-untyped-def]
    return generate_registration_options(
        rp_id=site.host,
        rp_name="Eight till Six",
        user_name=user.email,
        user_display_name=user.name,
        user_id=base64url_to_bytes(handle),
        challenge=challenge,
        timeout=int(LASTS.total_seconds() * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[_described(passkey) for passkey in passkeys_of(user.id)],
    )


def _described(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.credential_id))


def _handle_of(user_id: int) -> str:
    """The random name by which passkeys know their owner: the one in use, or a new one; never an id or address."""
    known = db.session.scalar(select(Passkey.user_handle).where(Passkey.user_id == user_id).limit(1))
    return known or bytes_to_base64url(secrets.token_bytes(32))


def take_challenge(token: str | None, purpose: str, *, at: datetime) -> Asked:
    """Use up the challenge that this browser was sent, in a unit of work of its own; raises `PasskeyRefused`."""
    row = db.session.scalars(
        select(PasskeyChallenge)
        .where(PasskeyChallenge.token_digest == token_digest(token or ""))
        .with_for_update()
    ).first()
    if row is None or row.purpose != purpose or row.expires_at <= at:
        raise PasskeyRefused
    asked = Asked(row.challenge, row.user_id, row.user_handle)
    db.session.delete(row)
    db.session.flush()
    return asked


def read_new(answer: str, asked: Asked, *, site: Site) -> Passkey:
    """The passkey that a browser made for our challenge, not yet kept; raises `PasskeyRefused`."""
    try:
        given = _parsed(answer)
        made = verify_registration_response(
            credential=given,
            expected_challenge=asked.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
        transports = [str(one)[:20] for one in given["response"].get("transports") or []][:6]
    except UNREADABLE as error:
        raise PasskeyRefused from error
    return Passkey(
        credential_id=bytes_to_base64url(made.credential_id),
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        user_handle=asked.user_handle,
        transports=transports,
    )


def keep_new(passkey: Passkey, user: User, *, name: str, at: datetime) -> None:
    """Keep a passkey that was read; raises `PasskeyRefused` for one that somebody has, or `TooManyPasskeys`."""
    if len(passkeys_of(user.id)) >= MOST_PASSKEYS:
        raise TooManyPasskeys
    taken = select(Passkey.id).where(Passkey.credential_id == passkey.credential_id)
    if db.session.scalar(taken) is not None:
        raise PasskeyRefused
    passkey.user_id, passkey.name, passkey.created_at = user.id, name, at
    db.session.add(passkey)
    db.session.flush()
    audit.record("passkey_added", "passkey", passkey.id, at=at, user_id=user.id)
    tell(user, "passkey_added", at=at)


def read_answer(answer: str, asked: Asked, *, site: Site) -> tuple[int, int]:
    """The passkey (its id) that answered our challenge, unlocked by its owner, and its new counter.

    Raises `PasskeyRefused`, in the same words whatever was wrong.
    """
    try:
        given = _parsed(answer)
        passkey = db.session.scalars(
            select(Passkey)
            .options(joinedload(Passkey.user))
            .where(Passkey.credential_id == str(given["id"])[:1400])
        ).first()
        handle = given["response"].get("userHandle")
        if passkey is None or (handle is not None and handle.rstrip("=") != passkey.user_handle):
            raise PasskeyRefused
        if asked.user_id is not None and passkey.user_id != asked.user_id:
            raise PasskeyRefused
        checked = verify_authentication_response(
            credential=given,
            expected_challenge=asked.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except UNREADABLE as error:
        raise PasskeyRefused from error
    return passkey.id, checked.new_sign_count


def note_use(passkey_id: int, sign_count: int, *, at: datetime) -> User:
    """Keep the new counter and give the owner; a counter that does not rise means a copy: `PasskeyRefused`."""
    passkey = db.session.scalars(
        select(Passkey).where(Passkey.id == passkey_id).with_for_update()
    ).one_or_none()
    if passkey is None or not passkey.user.active:
        raise PasskeyRefused
    if (sign_count or passkey.sign_count) and sign_count <= passkey.sign_count:
        raise PasskeyRefused
    passkey.sign_count, passkey.last_used_at = sign_count, at
    db.session.flush()
    return passkey.user


def rename(passkey_id: int, name: str, *, user: User) -> None:
    """Give one of one's own passkeys another name; raises `NotFound`."""
    _own(passkey_id, user).name = name
    db.session.flush()


def remove(passkey_id: int, *, user: User, at: datetime) -> str:
    """Take one of one's own passkeys away and give its name; raises `NotFound`."""
    passkey = _own(passkey_id, user)
    db.session.delete(passkey)
    audit.record("passkey_removed", "passkey", passkey_id, at=at, user_id=user.id)
    tell(user, "passkey_removed", at=at)
    db.session.flush()
    return passkey.name


def _own(passkey_id: int, user: User) -> Passkey:
    passkey = db.session.get(Passkey, passkey_id)
    if passkey is None or passkey.user_id != user.id:
        raise NotFound
    return passkey


def _parsed(answer: str) -> dict[str, dict[str, str]]:
    """The browser's answer as an object; raises `ValueError` for anything else."""
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("too long")
    given = json.loads(answer)
    if not isinstance(given, dict) or not isinstance(given.get("response"), dict):
        raise ValueError("not an answer")
    return given
