"""Private words in the database: sealed with AES-256-GCM, bound to their table, column and row.

A sealed value is key id (4 bytes), nonce (12), then the ciphertext with its tag. The associated data is
`table.column.row_key`, so a ciphertext that is moved to another row or table does not open. `row_key` is made before
the insert. Keys come from `FIELD_KEYS`, the present one first; older ones still open what they sealed, and
`booking keys rotate` seals everything afresh while the school is in use.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar, overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import Mapped, mapped_column

from booking.core.db import Base, db
from booking.core.errors import BookingError

Value = TypeVar("Value")
ID_BYTES, NONCE_BYTES = 4, 12
AT_ONCE = 500


class CannotOpen(BookingError):
    """A sealed value does not open: its key is not in `FIELD_KEYS`, or somebody changed or moved it."""


def key_fingerprint(key: str) -> str:
    """Eight letters by which a key can be known, and from which it cannot be made."""
    return hashlib.sha256(b"field key " + key.encode()).hexdigest()[: 2 * ID_BYTES]


class _Ring:
    """The keys of this process: the first that `use_keys` named seals, all that it named open."""

    def __init__(self) -> None:
        self.present = b""
        self.ciphers: dict[bytes, AESGCM] = {}


_ring = _Ring()


def use_keys(keys: Iterable[str]) -> None:
    """Take up these keys, the present one first; a later call goes on opening what earlier keys sealed."""
    made = {bytes.fromhex(key_fingerprint(key)): AESGCM(_derived(key)) for key in keys}
    _ring.ciphers |= made
    _ring.present = next(iter(made), _ring.present)


def _derived(key: str) -> bytes:
    """256 bits from the words of a setting; `FIELD_KEYS` are long and random, so no slow hash is needed."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"booking field key").derive(key.encode())


def seal(text: str, *, table: str, column: str, row_key: str) -> bytes:
    """Seal a text for one column of one row with the present key."""
    nonce = os.urandom(NONCE_BYTES)
    place = f"{table}.{column}.{row_key}".encode()
    return _ring.present + nonce + _ring.ciphers[_ring.present].encrypt(nonce, text.encode(), place)


def open_sealed(sealed: bytes, *, table: str, column: str, row_key: str) -> str:
    """The text that was sealed for exactly this place; raises `CannotOpen`."""
    cipher = _ring.ciphers.get(sealed[:ID_BYTES])
    if cipher is None:
        raise CannotOpen(f"{table}: sealed with the field key {sealed[:ID_BYTES].hex()}, which is not here.")
    nonce, rest = sealed[ID_BYTES : ID_BYTES + NONCE_BYTES], sealed[ID_BYTES + NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, rest, f"{table}.{column}.{row_key}".encode()).decode()
    except InvalidTag as error:
        raise CannotOpen(f"{table}: a sealed value was changed or moved to another row.") from error


class SealedRow:
    """A model with a private part: give it `Private` attributes, and they stand sealed in one column.

    SQL sees none of them: load rows by their plain columns, and read the attributes in Python.
    """

    row_key: Mapped[str] = mapped_column(String(32), unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    def __init__(self, **values: Any) -> None:
        self.row_key = values.pop("row_key", None) or uuid.uuid4().hex
        private = {name: values.pop(name) for name in _private_names(type(self)) if name in values}
        super().__init__(**values)
        self._seal(private)

    @classmethod
    def row(cls, **values: Any) -> dict[str, Any]:
        """The columns of a new row, private part sealed, for statements that insert many at once."""
        key = uuid.uuid4().hex
        private = {name: values.pop(name) for name in _private_names(cls) if name in values}
        return {**values, "row_key": key, "sealed": _packed(cls, key, private)}

    def said(self) -> dict[str, Any]:
        """All private values by name; raises `CannotOpen`."""
        sealed = self.sealed
        known: tuple[bytes, dict[str, Any]] | None = self.__dict__.get("_said")
        if known is None or known[0] != sealed:
            known = (sealed, unpacked(type(self), self.row_key, sealed))
            self.__dict__["_said"] = known
        return known[1]

    def _seal(self, private: dict[str, Any]) -> None:
        self.sealed = _packed(type(self), self.row_key, private)
        self.__dict__["_said"] = (self.sealed, private)

    def seal_afresh(self) -> None:
        """Seal the same values again with the present key."""
        self._seal(self.said())


class Private(Generic[Value]):
    """One private value of a `SealedRow`; `default` makes what is read when nothing was ever said."""

    def __init__(self, default: Callable[[], Value]) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, row: None, owner: type) -> Private[Value]: ...

    @overload
    def __get__(self, row: SealedRow, owner: type) -> Value: ...

    def __get__(self, row: SealedRow | None, owner: type) -> Private[Value] | Value:
        if row is None:
            return self
        said = row.said()
        value: Value = said[self.name] if self.name in said else self.default()
        return value

    def __set__(self, row: SealedRow, value: Value) -> None:
        row._seal({**row.said(), self.name: value})


def _private_names(model: type) -> list[str]:
    return [name for name, value in vars(model).items() if isinstance(value, Private)]


def _packed(model: type, row_key: str, private: dict[str, Any]) -> bytes:
    text = json.dumps(private, ensure_ascii=False, sort_keys=True)
    return seal(text, table=model.__tablename__, column="sealed", row_key=row_key)  # type: ignore[attr-defined]


def unpacked(model: type[SealedRow], row_key: str, sealed: bytes) -> dict[str, Any]:
    """The private values of a row that was read as columns, without making a model of it."""
    table: str = model.__tablename__  # type: ignore[attr-defined]
    found: dict[str, Any] = json.loads(open_sealed(sealed, table=table, column="sealed", row_key=row_key))
    return found


def sealed_models() -> list[type[Any]]:
    """Every model with a private part, by the name of its table."""
    found = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, SealedRow)]
    return sorted(found, key=lambda model: str(model.__tablename__))


def vault_problems() -> Iterator[str]:
    """Sealed values that do not open, one sentence each."""
    for model in sealed_models():
        for row_id, row_key, sealed in db.session.execute(select(model.id, model.row_key, model.sealed)):
            try:
                unpacked(model, row_key, sealed)
            except CannotOpen as error:
                yield f"row {row_id}: {error}"


def seal_next_batch(model: type[Any], *, after: int) -> tuple[int, int]:
    """Seal afresh, in the caller's unit of work, up to 500 rows with another key; gives the last id and how many.

    The last id is 0 when no row is left.
    """
    rows = db.session.scalars(
        select(model).where(model.id > after).order_by(model.id).limit(AT_ONCE).with_for_update()
    ).all()
    old = [row for row in rows if row.sealed[:ID_BYTES] != _ring.present]
    for row in old:
        row.seal_afresh()
    db.session.flush()
    return (rows[-1].id if rows else 0), len(old)
