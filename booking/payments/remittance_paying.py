"""Which payment of a statement a voucher firm's remittance is about: its lines are the split of that payment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.money import format_pence
from booking.payments.bank_models import BankFile, BankLine
from booking.payments.bank_posting import LineTaken
from booking.payments.states import LINE_MOVES, move


class TotalsDiffer(BookingError):
    """The remittance's lines do not sum to what the firm paid; nothing of it was posted."""

    def __init__(self, said_pence: int, paid_pence: int) -> None:
        super().__init__(
            f"The remittance sums to {format_pence(said_pence)}, the firm paid {format_pence(paid_pence)}."
            " Ask the firm which is right. Nothing was posted."
        )


def pay_remittance(file_id: int, line_id: int, *, at: datetime, user_id: int | None) -> None:
    """Say that this payment is the remittance's, so that its lines can be posted one by one.

    Raises `TotalsDiffer`, and `LineTaken` when the payment, or the remittance, has another already.
    """
    line = db.session.scalars(
        select(BankLine)
        .where(BankLine.id == line_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    file = db.session.scalars(
        select(BankFile).where(BankFile.id == file_id, BankFile.kind == "remittance").with_for_update()
    ).one_or_none()
    if line is None or file is None or line.file_id == file_id:
        raise NotFound
    if line.state != "waiting" or line.file.kind == "remittance" or payment_of(file_id) is not None:
        raise LineTaken
    said_pence = lines_pence(file_id)
    if said_pence != line.amount_pence:
        raise TotalsDiffer(said_pence, line.amount_pence)
    line.split_by_id = file_id
    move(line, "split", LINE_MOVES)
    db.session.flush()
    record("remittance_paid", "bank_file", file_id, at=at, user_id=user_id, line_id=line_id)


def lines_pence(file_id: int) -> int:
    """What the lines of a remittance sum to."""
    return int(
        db.session.scalar(
            select(func.coalesce(func.sum(BankLine.amount_pence), 0)).where(BankLine.file_id == file_id)
        )
        or 0
    )


def payment_of(file_id: int) -> BankLine | None:
    """The payment that a remittance is about, once somebody has said which it is."""
    return db.session.scalars(select(BankLine).where(BankLine.split_by_id == file_id)).one_or_none()


def payments_that_fit(file: BankFile) -> list[BankLine]:
    """The lines of statements that wait and are of a remittance's sum, the nearest day first."""
    found = db.session.scalars(
        select(BankLine)
        .join(BankFile, BankFile.id == BankLine.file_id)
        .where(BankLine.state == "waiting", BankFile.kind != "remittance")
        .where(BankLine.amount_pence == file.total_pence)
    )
    day = file.last_on
    return sorted(found, key=lambda line: (abs((line.on - day).days) if day else 0, line.id))


def remittances_that_fit(amount_pence: int) -> list[BankFile]:
    """The remittances without a payment yet that sum to an amount, the newest first."""
    taken = select(BankLine.split_by_id).where(BankLine.split_by_id.is_not(None))
    return list(
        db.session.scalars(
            select(BankFile)
            .where(BankFile.kind == "remittance", BankFile.total_pence == amount_pence)
            .where(BankFile.id.not_in(taken))
            .order_by(BankFile.id.desc())
        )
    )
