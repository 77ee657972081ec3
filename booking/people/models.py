"""Tables of people: who signs in, who is billed, who the children are and what is known about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_security import AsaList, RoleMixin, UserMixin
from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime
from booking.core.vault import Private, SealedRow

ROLES = ("parent", "staff", "manager", "governor", "admin")

user_role = Table(
    "user_role",
    Base.metadata,
    Column("user_id", ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id"), primary_key=True),
)

account_member = Table(
    "account_member",
    Base.metadata,
    Column("account_id", ForeignKey("family_account.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, index=True),
)


account_pupil = Table(
    "account_pupil",
    Base.metadata,
    Column("account_id", ForeignKey("family_account.id", ondelete="CASCADE"), primary_key=True),
    Column("pupil_id", ForeignKey("pupil.id", ondelete="CASCADE"), primary_key=True, index=True),
)
"""The children of an account that nobody signs in to: the office books for that family."""


class Role(Base, RoleMixin):
    """One of the five roles of `ROLES`."""

    __tablename__ = "role"
    __table_args__ = (CheckConstraint(f"name IN {ROLES}", name="known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    description: Mapped[str | None] = mapped_column(String(120))
    permissions: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))


class User(Base, UserMixin):
    """Somebody who signs in; the grants stand beside the roles and never come with one."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    phone: Mapped[str | None] = mapped_column(String(30))
    texts_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    sees_groups: Mapped[bool] = mapped_column(default=False)
    approves: Mapped[bool] = mapped_column(default=False)
    safeguarding: Mapped[bool] = mapped_column(default=False)
    seller_id: Mapped[int | None] = mapped_column(ForeignKey("seller.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    roles: Mapped[list[Role]] = relationship(secondary=user_role, lazy="selectin")  # type: ignore[assignment]
    accounts: Mapped[list[FamilyAccount]] = relationship(secondary=account_member, back_populates="users")
    guardianships: Mapped[list[Guardianship]] = relationship(back_populates="user")

    @property
    def role_names(self) -> frozenset[str]:
        """The names of all roles that this person holds."""
        return frozenset(role.name for role in self.roles)


class SignInAttempt(Base):
    """One try at signing in, kept to slow down guessing; the address of the account is kept as a digest."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        Index("ix_sign_in_attempt_account_address_at", "account_digest", "address", "at"),
        Index("ix_sign_in_attempt_address_at", "address", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_digest: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    succeeded: Mapped[bool]


class Invitation(Base):
    """A one-time link: for a new user with a role (`pupil_id` empty) or for the contact of a pupil.

    Only the digest of the token is kept; it ends after 14 days or five wrong dates of birth.
    """

    __tablename__ = "invitation"
    __table_args__ = (CheckConstraint("tries >= 0 AND tries <= 5", name="at_most_five_tries"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
    name: Mapped[str | None] = mapped_column(String(160))
    role: Mapped[str] = mapped_column(String(20))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contact.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)


class FamilyAccount(Base):
    """Who is billed; its balance is the sum of its ledger lines and stands nowhere else."""

    __tablename__ = "family_account"
    lock_rank = 40

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    users: Mapped[list[User]] = relationship(secondary=account_member, back_populates="accounts")
    pupils: Mapped[list[Pupil]] = relationship(secondary=account_pupil)


class Pupil(Base):
    """A child on the roll, expected, left, or a visitor from a partner school.

    `year_group` is that of today; of a child who is still to join, that of the day on which they do.
    """

    __tablename__ = "pupil"
    __table_args__ = (
        CheckConstraint("status IN ('expected', 'on_roll', 'left', 'visitor')", name="status_known"),
        CheckConstraint(
            "joined_on IS NULL OR left_on IS NULL OR joined_on <= left_on", name="left_after_joining"
        ),
        Index("ix_pupil_surname_forename", "surname", "forename"),
    )
    lock_rank = 10

    id: Mapped[int] = mapped_column(primary_key=True)
    upn: Mapped[str | None] = mapped_column(String(13), unique=True)
    surname: Mapped[str] = mapped_column(String(80))
    forename: Mapped[str] = mapped_column(String(80))
    preferred_name: Mapped[str | None] = mapped_column(String(80))
    date_of_birth: Mapped[date]
    class_name: Mapped[str | None] = mapped_column(String(40), index=True)
    year_group: Mapped[str | None] = mapped_column(String(2))
    status: Mapped[str] = mapped_column(String(10), default="on_roll")
    joined_on: Mapped[date | None]
    left_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    guardianships: Mapped[list[Guardianship]] = relationship(back_populates="pupil")
    contacts: Mapped[list[Contact]] = relationship(back_populates="pupil", order_by="Contact.priority")
    care: Mapped[CareProfile | None] = relationship(back_populates="pupil")

    @property
    def first_name(self) -> str:
        """The name that the child goes by."""
        return self.preferred_name or self.forename

    @property
    def full_name(self) -> str:
        """First name and surname, as a family reads it."""
        return f"{self.first_name} {self.surname}"


class Guardianship(Base):
    """The tie of a user to a pupil; made by the office's invitation alone."""

    __tablename__ = "guardianship"
    __table_args__ = (
        UniqueConstraint("user_id", "pupil_id"),
        CheckConstraint(
            "parental_responsibility IN ('yes', 'no', 'not_known')", name="responsibility_known_words"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), index=True)
    relationship_name: Mapped[str] = mapped_column(String(40), default="parent")
    parental_responsibility: Mapped[str] = mapped_column(String(10), default="not_known")
    responsibility_source: Mapped[str | None] = mapped_column(String(80))
    responsibility_on: Mapped[date | None]
    may_book: Mapped[bool] = mapped_column(default=True)
    may_collect: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship(back_populates="guardianships")
    pupil: Mapped[Pupil] = relationship(back_populates="guardianships")


class Contact(Base):
    """An adult whom the school may ring about a pupil, as the school's own record or one adult gave it.

    `given_by_id` empty means the school's record; otherwise only that adult and staff see it.
    """

    __tablename__ = "contact"
    __table_args__ = (
        CheckConstraint(
            "parental_responsibility IN ('yes', 'no', 'not_known')", name="responsibility_known_words"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), index=True)
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(String(160))
    relationship_name: Mapped[str | None] = mapped_column(String(40))
    phone: Mapped[str | None] = mapped_column(String(30))
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    priority: Mapped[int] = mapped_column(default=1)
    parental_responsibility: Mapped[str] = mapped_column(String(10), default="not_known")
    may_collect: Mapped[bool] = mapped_column(default=False)

    pupil: Mapped[Pupil] = relationship(back_populates="contacts")


class CareProfile(SealedRow, Base):
    """What staff must know of a pupil; it belongs to the child and stands sealed."""

    __tablename__ = "care_profile"

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), unique=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    allergies = Private[list[str]](list)
    diet = Private[list[str]](list)
    medical = Private[str | None](lambda: None)
    support = Private[str | None](lambda: None)

    pupil: Mapped[Pupil] = relationship(back_populates="care")


class Consent(Base):
    """A dated yes of an adult; withdrawn by a date, never by deleting it."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class School(Base):
    """The one school that this house serves: its name, as printed on every sheet and message."""

    __tablename__ = "school"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(250), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    demo_seed: Mapped[int | None]
