"""Takes up the lines of a file, each once: the same file, the same lines in another file or in another order add nothing.

Only money that came in is kept. A line is known by its own content and by which of its equals in the file it is, so
that two equal payments of one day are two, in whatever file they come.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select, update

from booking.core.audit import record
from booking.core.clock import to_school
from booking.core.db import db, insert_new
from booking.core.errors import BookingError, NotFound
from booking.core.words import counted, full_day
from booking.payments.bank_lines import ReadFile, ReadLine
from booking.payments.bank_models import BankFile, BankLine, LineMatch
from booking.people.import_problems import ImportProblem

AT_ONCE = 500
MOST_PROBLEMS = 200
LOOK_BACK = 50


class FileKnown(BookingError):
    """These very bytes were taken up before; nothing was taken up twice."""

    def __init__(self, file: BankFile) -> None:
        day = full_day(to_school(file.at).date())
        super().__init__(f"This file was taken up before, on {day}. Nothing was taken up twice.")
        self.file_id = file.id


class LinesKnown(BookingError):
    """Lines of a remittance stand in an earlier one; all of it was refused, as one payment is for one remittance."""

    def __init__(self, known: int) -> None:
        lines = counted(known, "line")
        super().__init__(
            f"{lines} of this remittance came in another file before. Ask the firm. Nothing was taken up."
        )


class FileInUse(BookingError):
    """Somebody has said yes to a line of the file; it was not taken back."""

    def __init__(self) -> None:
        super().__init__(
            "Money of this file is matched already. Undo those matches first. Nothing was taken back."
        )


@dataclass(frozen=True)
class ReadyFile:
    """A file that was read, its lines sealed and known by their digests: all that needs no transaction is done."""

    read: ReadFile
    file_digest: str
    name: str
    voucher_firm_id: int | None
    columns: Mapping[str, str]
    digests: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]


def make_ready(
    read: ReadFile,
    content: bytes,
    name: str,
    *,
    voucher_firm_id: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> ReadyFile:
    """Seal the lines of money that came in; outside the unit of work, which a long file would hold up."""
    came = [line for line in read.lines if line.amount_pence > 0]
    digests = line_digests(came, account=read.account, firm_id=voucher_firm_id)
    rows = tuple(
        BankLine.row(
            number=line.number,
            digest=digest,
            on=line.on,
            amount_pence=line.amount_pence,
            state="waiting",
            text=line.text,
            reference=line.reference,
        )
        for line, digest in zip(came, digests, strict=True)
    )
    name = " ".join(name.split())[:120]
    digest = hashlib.sha256(content).hexdigest()
    return ReadyFile(read, digest, name, voucher_firm_id, columns or {}, tuple(digests), rows)


def take_up(ready: ReadyFile, *, at: datetime, user_id: int | None) -> BankFile:
    """Keep what is new of a file; its lines wait.

    The same bytes again bring what could not be read before (a day that was still to come), else `FileKnown`. Raises
    `LinesKnown` for a remittance of which any line came before.
    """
    read = ready.read
    days = [line.on for line in read.lines]
    told = {
        "first_on": min(days, default=None),
        "last_on": max(days, default=None),
        "out_count": len(read.lines) - len(ready.rows),
        "total_pence": sum(row["amount_pence"] for row in ready.rows),
        "problems": [[one.line, _words(one)] for one in read.problems[:MOST_PROBLEMS]],
    }
    new = insert_new(BankFile).values(
        **told,
        digest=ready.file_digest,
        kind=read.kind,
        name=ready.name,
        bank=read.bank,
        line_count=0,
        known_count=0,
        columns=dict(ready.columns),
        voucher_firm_id=ready.voucher_firm_id,
        user_id=user_id,
        at=at,
    )
    made = db.session.scalars(new.returning(BankFile)).one_or_none()
    is_again = made is None
    if made is None:
        query = select(BankFile).where(BankFile.digest == ready.file_digest).with_for_update()
        made = db.session.scalars(query.execution_options(populate_existing=True)).one()
    before, made.line_count = made.line_count, _insert(made.id, ready.rows)
    if is_again and made.line_count == before:
        raise FileKnown(made)
    made.known_count = len(ready.rows) - made.line_count
    if ready.voucher_firm_id is not None and made.known_count:
        raise LinesKnown(made.known_count)
    for name, value in told.items():
        setattr(made, name, value)
    db.session.flush()
    if ready.voucher_firm_id is None:
        _mark_doubles(made, set(ready.digests))
    record("bank_file_taken", "bank_file", made.id, at=at, user_id=user_id, lines=made.line_count)
    return made


def columns_said_before() -> list[dict[str, str]]:
    """What somebody said of the columns of earlier files, the newest first."""
    rows = db.session.scalars(select(BankFile.columns).order_by(BankFile.id.desc()).limit(LOOK_BACK))
    return [columns for columns in rows if columns]


def take_back_file(file_id: int, *, at: datetime, user_id: int | None) -> None:
    """Forget a file and its lines, as long as nobody has said yes to one; raises `FileInUse` or `NotFound`."""
    file = db.session.scalars(select(BankFile).where(BankFile.id == file_id).with_for_update()).one_or_none()
    if file is None:
        raise NotFound
    mine = select(BankLine.id).where(BankLine.file_id == file_id)
    list(db.session.scalars(mine.order_by(BankLine.id).with_for_update()))
    is_used = db.session.scalar(
        select(
            exists().where(LineMatch.line_id.in_(mine))
            | exists().where(
                (BankLine.split_by_id == file_id)
                | ((BankLine.file_id == file_id) & (BankLine.state == "split"))
            )
        )
    )
    if is_used:
        raise FileInUse
    db.session.execute(update(BankLine).where(BankLine.double_of_id.in_(mine)).values(double_of_id=None))
    db.session.execute(delete(BankLine).where(BankLine.file_id == file_id))
    db.session.delete(file)
    db.session.flush()
    record("bank_file_taken_back", "bank_file", file_id, at=at, user_id=user_id)


def line_digests(lines: Sequence[ReadLine], *, account: str, firm_id: int | None = None) -> list[str]:
    """What each line is known by: account, day, amount, words, and which of its equals in the file it is."""
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        content = "|".join(
            (
                f"firm {firm_id}" if firm_id else account,
                line.on.isoformat(),
                str(line.amount_pence),
                line.text.casefold(),
                line.reference.casefold(),
            )
        )
        seen[content] += 1
        found.append(hashlib.sha256(f"{content}|{seen[content]}".encode()).hexdigest())
    return found


def _insert(file_id: int, rows: Sequence[dict[str, Any]]) -> int:
    """Write the lines that no file has brought yet; gives their number."""
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        known = set(
            db.session.scalars(
                select(BankLine.digest).where(BankLine.digest.in_([row["digest"] for row in some]))
            )
        )
        new = [{**row, "file_id": file_id} for row in some if row["digest"] not in known]
        if new:
            db.session.connection().execute(insert_new(BankLine), new)
    return db.session.scalar(select(func.count()).where(BankLine.file_id == file_id)) or 0


def _mark_doubles(file: BankFile, digests: set[str]) -> None:
    """New lines beside a line of another file, of the same day and amount, that is not in this file itself.

    Banks write one payment differently in each kind of file; whether it is one, a person says.
    """
    others: dict[tuple[object, int], list[int]] = defaultdict(list)
    rows = db.session.execute(
        select(BankLine.id, BankLine.on, BankLine.amount_pence, BankLine.digest)
        .join(BankFile, BankFile.id == BankLine.file_id)
        .where(BankLine.file_id != file.id, BankFile.kind != "remittance")
        .where(BankLine.on.between(file.first_on, file.last_on))
        .order_by(BankLine.id)
    )
    for line_id, on, amount_pence, digest in rows:
        if digest not in digests:
            others[on, amount_pence].append(line_id)
    if not others:
        return
    mine = db.session.execute(
        select(BankLine.id, BankLine.on, BankLine.amount_pence)
        .where(BankLine.file_id == file.id)
        .order_by(BankLine.id)
    )
    for line_id, on, amount_pence in mine.all():
        if beside := others.get((on, amount_pence)):
            db.session.execute(
                update(BankLine).where(BankLine.id == line_id).values(double_of_id=beside.pop(0))
            )


def _words(problem: ImportProblem) -> str:
    """What is wrong, without what stood there: the words of a file may hold names."""
    return f"{problem.column}: {problem.reason}" if problem.column else problem.reason
