"""A person's yes to a line of the bank becomes the family's payment, once; a wrong yes is reversed, once.

Whoever decides about a line reads it FOR UPDATE first: of two people at one line the second is told. Nothing here is
done by itself; even what is sure is posted when the office says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import exists, func, select

from booking.core.audit import record
from booking.core.clock import instant
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.money import format_pence
from booking.ledger.posting import post_payment, post_undone_payment
from booking.payments.bank_models import BankLine, LineMatch
from booking.payments.expected import account_pupils
from booking.payments.matching import Part
from booking.payments.models import Payment, Refund, VoucherFirm
from booking.payments.states import LINE_MOVES, PAYMENT_MOVES, move
from booking.payments.waiting_lines import matcher_now, tender_of, waiting_lines
from booking.people.models import FamilyAccount

NOON = time(12)


class LineTaken(BookingError):
    """Somebody dealt with the line already; nothing was posted twice."""

    def __init__(self) -> None:
        super().__init__("Somebody has dealt with this line already. Nothing was posted twice.")


class PartsDiffer(BookingError):
    """The parts of a split do not sum to the line, or one of them is nothing; nothing was posted."""

    def __init__(self, parts_pence: int, line_pence: int) -> None:
        super().__init__(
            f"The parts sum to {format_pence(parts_pence)}, the line is {format_pence(line_pence)}."
            " Put the amounts right. Nothing was posted."
        )


class NotTheirChild(BookingError):
    """The child is not one of that family account's; nothing was posted."""

    def __init__(self) -> None:
        super().__init__("This child is not one of that family’s. Choose again. Nothing was posted.")


class NothingSure(BookingError):
    """What was shown as sure is not any more, or somebody confirmed it meanwhile; nothing was posted."""

    def __init__(self) -> None:
        super().__init__("Something changed since you looked. Nothing was posted. Please look again.")


class NotPaidYet(BookingError):
    """A remittance says what a payment is for; until that payment is on a statement nothing of it is posted."""

    def __init__(self) -> None:
        super().__init__(
            "The firm’s payment for this remittance is not on a statement yet. First say which payment it is."
            " Nothing was posted."
        )


class MoneyWentBack(BookingError):
    """Money of this payment was refunded, so that it cannot be given to another family; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("Money of this payment has gone back to the family. It was not undone.")


@dataclass(frozen=True)
class Paid:
    """How a line was paid: `tfc`, `voucher` (with its firm) or `office`, a plain transfer."""

    tender: str
    voucher_firm_id: int | None = None


def confirm(
    line_id: int, parts: Sequence[Part], paid: Paid, *, score: int = 0, at: datetime, user_id: int | None
) -> list[Payment]:
    """Post a line as a payment for each part; raises the errors of this module, and then nothing has changed."""
    line = _locked(line_id)
    if line.state != "waiting":
        raise LineTaken
    return _post(line, parts, paid, account_pupils(), score=score, at=at, user_id=user_id)


def confirm_sure(shown: Mapping[int, Part], *, at: datetime, user_id: int | None) -> int:
    """Post those of the lines that were shown as sure, by line, and still are; gives their number.

    Raises `NothingSure` when none is.
    """
    lines = {line.id: line for line in _lock_all(shown)}
    waiting = [line_id for line_id, line in lines.items() if line.state == "waiting"]
    matcher, pairs, done = matcher_now(), account_pupils(), 0
    for said in waiting_lines(line_ids=waiting):
        proposal = matcher.propose(said)
        if proposal.kind == "sure" and proposal.parts == (shown[said.line_id],):
            paid = Paid(tender_of(said))
            _post(lines[said.line_id], proposal.parts, paid, pairs, score=100, at=at, user_id=user_id)
            done += 1
    if not done:
        raise NothingSure
    return done


def set_aside(line_id: int, why: str, *, at: datetime, user_id: int | None) -> None:
    """A line that is no family's: it waits no more, with the reason; raises `LineTaken`."""
    line = _locked(line_id)
    if line.state != "waiting":
        raise LineTaken
    line.why = why
    move(line, "set_aside", LINE_MOVES)
    db.session.flush()
    record("bank_line_set_aside", "bank_line", line.id, at=at, user_id=user_id)


def take_back(line_id: int, *, at: datetime, user_id: int | None) -> str:
    """Undo what was decided about a line, so that it waits again; gives what it was.

    A match is reversed in the ledger, at most once. Raises `MoneyWentBack`, and `LineTaken` for a line that waits
    already or a remittance of which something is posted.
    """
    line = _locked(line_id)
    was = line.state
    if was == "waiting" or (was == "split" and _is_posted(line.split_by_id)):
        raise LineTaken
    for match in _live(line.id):
        _undo(match, at=at, user_id=user_id)
    line.split_by_id = None
    move(line, "waiting", LINE_MOVES)
    db.session.flush()
    record("bank_line_taken_back", "bank_line", line.id, at=at, user_id=user_id, was=was)
    return was


def _post(
    line: BankLine,
    parts: Sequence[Part],
    paid: Paid,
    pairs: Collection[tuple[int, int]],
    *,
    score: int,
    at: datetime,
    user_id: int | None,
) -> list[Payment]:
    paid = _how_paid(line, paid)
    sum_pence = sum(part.amount_pence for part in parts)
    if sum_pence != line.amount_pence or any(part.amount_pence <= 0 for part in parts):
        raise PartsDiffer(sum_pence, line.amount_pence)
    for part in parts:
        if part.pupil_id is not None and (part.account_id, part.pupil_id) not in pairs:
            raise NotTheirChild
        if db.session.get(FamilyAccount, part.account_id) is None:
            raise NotFound
    turn = db.session.scalar(select(func.count()).where(LineMatch.line_id == line.id)) or 0
    made = [
        _payment(line, part, paid, f"line-{line.id}-{turn + n}", at=at, user_id=user_id)
        for n, part in enumerate(parts)
    ]
    for part, payment in zip(parts, made, strict=True):
        db.session.add(
            LineMatch(
                line_id=line.id,
                account_id=part.account_id,
                pupil_id=part.pupil_id,
                tender=payment.tender,
                amount_pence=part.amount_pence,
                score=score,
                payment_id=payment.id,
                decided_by_id=user_id,
                at=at,
            )
        )
    move(line, "matched", LINE_MOVES)
    db.session.flush()
    return made


def _how_paid(line: BankLine, paid: Paid) -> Paid:
    """A remittance's line is a voucher of its firm, and only once the firm's payment is known."""
    if line.file.kind == "remittance":
        if not db.session.scalar(select(exists().where(BankLine.split_by_id == line.file_id))):
            raise NotPaidYet
        return Paid("voucher", line.file.voucher_firm_id)
    if paid.tender == "voucher" and db.session.get(VoucherFirm, paid.voucher_firm_id) is None:
        raise NotFound
    return paid


def _payment(
    line: BankLine, part: Part, paid: Paid, key: str, *, at: datetime, user_id: int | None
) -> Payment:
    """The family's payment of the day on which the money came in."""
    payment = Payment(
        account_id=part.account_id,
        pupil_id=part.pupil_id,
        tender=paid.tender,
        voucher_firm_id=paid.voucher_firm_id,
        state="paid",
        amount_pence=part.amount_pence,
        idempotency_key=key,
        created_at=at,
        paid_at=instant(line.on, NOON),
        user_id=user_id,
    )
    db.session.add(payment)
    db.session.flush()
    post_payment(
        payment.id,
        part.account_id,
        None,
        part.amount_pence,
        "transfer" if paid.tender == "office" else paid.tender,
        at=at,
        user_id=user_id,
        voucher_firm_id=paid.voucher_firm_id,
    )
    record(f"{paid.tender}_paid", "payment", payment.id, at=at, user_id=user_id, pence=part.amount_pence)
    return payment


def _undo(match: LineMatch, *, at: datetime, user_id: int | None) -> None:
    payment = db.session.scalars(
        select(Payment).where(Payment.id == match.payment_id).with_for_update()
    ).one()
    went_back = exists().where(Refund.payment_id == payment.id, Refund.state != "failed")
    if db.session.scalar(select(went_back)):
        raise MoneyWentBack
    move(payment, "undone", PAYMENT_MOVES)
    post_undone_payment(payment.id, at=at, user_id=user_id)
    match.undone_at, match.undone_by_id = at, user_id
    record("payment_undone", "payment", payment.id, at=at, user_id=user_id, pence=payment.amount_pence)


def _live(line_id: int) -> list[LineMatch]:
    return list(
        db.session.scalars(
            select(LineMatch)
            .where(LineMatch.line_id == line_id, LineMatch.undone_at.is_(None))
            .order_by(LineMatch.id)
        )
    )


def _is_posted(remittance_id: int | None) -> bool:
    """Whether a family got anything of a remittance's lines, which are locked for it."""
    states = db.session.scalars(
        select(BankLine.state)
        .where(BankLine.file_id == remittance_id)
        .order_by(BankLine.id)
        .with_for_update()
    ).all()
    return "matched" in states


def _locked(line_id: int) -> BankLine:
    found = _lock_all([line_id])
    if not found:
        raise NotFound
    return found[0]


def _lock_all(line_ids: Collection[int]) -> list[BankLine]:
    query = select(BankLine).where(BankLine.id.in_(line_ids)).order_by(BankLine.id).with_for_update()
    return list(db.session.scalars(query.execution_options(populate_existing=True)))
