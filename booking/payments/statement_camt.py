"""Reads CAMT.053, the statement of ISO 20022 that business banks write: entries that are booked, in pounds.

An entry may be a batch: its parts become lines of their own when they sum to it. Opening balance, entries and closing
balance are held against one another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from booking.core.money import format_pence
from booking.core.xml_reading import Node, XmlKind, XmlRefused, read_pieces
from booking.payments.bank_lines import LineTaker, ReadFile, Unreadable, read_pence
from booking.people.import_problems import ImportProblem, ImportRefused

CAMT = XmlKind("Document", "a CAMT.053 file", "entry", "entries", 50_000, 5, "Take a shorter time.")
STATEMENT = ("document", "bktocstmrstmt", "stmt")
ENTRY = (*STATEMENT, "ntry")
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def is_camt(content: bytes) -> bool:
    """Whether a file begins as a document of ISO 20022 does."""
    start = content[:4096].replace(b"\x00", b"")
    return b"<" in start and b"Document" in start and b"camt.05" in start


def read_camt(content: bytes, file: str, *, today: date) -> ReadFile:
    """The booked entries of one or more statements; raises `ImportRefused` for a file that cannot be read."""
    reader = _Reader(LineTaker(file, today))
    pieces: dict[tuple[str, ...], Callable[[Node], None]] = {
        (*STATEMENT, "acct"): reader.account,
        (*STATEMENT, "bal"): reader.balance,
        ENTRY: reader.entry,
    }
    try:
        unknown = read_pieces(content, CAMT, pieces, counted=ENTRY)
    except XmlRefused as error:
        raise ImportRefused([ImportProblem(file, error.line, "", "", str(error))]) from error
    if unknown["BkToCstmrAcctRpt"] or unknown["BkToCstmrDbtCdtNtfctn"]:
        reason = "This is a report within the day, not a statement. Choose CAMT.053 at your bank."
        raise ImportRefused([ImportProblem(file, 0, "", "", reason)])
    reader.check_balances()
    return reader.taker.done("camt", "", reader.number)


class _Reader:
    """Takes the parts of a file as they come; one statement follows another."""

    def __init__(self, taker: LineTaker) -> None:
        self.taker = taker
        self.number = ""
        self.opening: int | None = None
        self.closing: int | None = None
        self.sum_pence = 0

    def account(self, node: Node) -> None:
        """A statement begins: the one before it is whole."""
        self.check_balances()
        self.number = self.number or _text(node, ("id", "iban"), ("id", "othr", "id"))

    def balance(self, node: Node) -> None:
        """The balance before the first entry, or after the last."""
        kind = _text(node, ("tp", "cdorprtry", "cd"))
        try:
            pence = _signed(node, _text(node, ("amt",)))
        except Unreadable:
            return
        if kind in OPENING:
            self.opening = pence
        elif kind in CLOSING:
            self.closing = pence

    def check_balances(self) -> None:
        """Name a statement whose entries do not lead from its opening to its closing balance."""
        if self.opening is not None and self.closing is not None and not self.taker.problems:
            should = self.closing - self.opening
            if should != self.sum_pence:
                self.taker.wrong(
                    0,
                    f"The entries sum to {format_pence(self.sum_pence)}, the balances say {format_pence(should)}."
                    " Entries are missing. Take the file again from your bank.",
                )
        self.opening = self.closing = None
        self.sum_pence = 0

    def entry(self, node: Node) -> None:
        """One entry, or the parts of a batch; what is still pending is left out."""
        status = _text(node, ("sts", "cd"), ("sts",))
        if status and status != "BOOK":
            return
        try:
            pence = _signed(node, _pounds(node))
            details = list(node.all("ntrydtls", "txdtls"))
            parts = [_part_pence(one, node) for one in details] if len(details) > 1 else []
        except Unreadable as error:
            self.taker.wrong(node.line, str(error), column="Amt")
            return
        self.sum_pence += pence
        day = _text(node, ("bookgdt", "dt"), ("bookgdt", "dttm"), ("valdt", "dt"), ("valdt", "dttm"))
        known = [part for part in parts if part is not None]
        if len(known) == len(parts) > 1:
            if sum(known) != pence:
                words = (
                    f"The parts of this entry sum to {format_pence(sum(known))}, not {format_pence(pence)}."
                )
                self.taker.wrong(node.line, words, column="Amt")
                return
            for one, part in zip(details, known, strict=True):
                self._take(node, one, day, part)
        else:
            self._take(node, details[0] if details else None, day, pence)

    def _take(self, node: Node, detail: Node | None, day: str, pence: int) -> None:
        words = []
        reference = ""
        if detail is not None:
            words.append(_text(detail, ("rltdpties", "dbtr", "pty", "nm"), ("rltdpties", "dbtr", "nm")))
            words += [one.text for one in detail.all("rmtinf", "ustrd")]
            words.append(_text(detail, ("addtltxinf",)))
            reference = _text(
                detail, ("rmtinf", "strd", "cdtrrefinf", "ref"), ("refs", "endtoendid"), ("refs", "txid")
            )
        words.append(_text(node, ("addtlntryinf",)))
        text = " ".join(dict.fromkeys(word for word in words if word))
        self.taker.take(
            node.line, day, pence, text, reference="" if reference == "NOTPROVIDED" else reference
        )


def _part_pence(detail: Node, entry: Node) -> int | None:
    amount = detail.first("amt") or detail.first("amtdtls", "txamt", "amt")
    return None if amount is None else _signed(entry, amount.text)


def _signed(node: Node, amount: str) -> int:
    """Above zero what came in; raises `Unreadable` when nothing says which way it went."""
    pence = read_pence(amount)
    way = _text(node, ("cdtdbtind",))
    if way not in {"CRDT", "DBIT"}:
        raise Unreadable("This entry does not say whether the money came in or went out.")
    return pence if way == "CRDT" else -pence


def _pounds(node: Node) -> str:
    amount = node.first("amt")
    if amount is None:
        raise Unreadable("Half an entry: there is no amount.")
    if amount.attributes.get("Ccy", "GBP") != "GBP":
        raise Unreadable("This entry is not in pounds.")
    return amount.text


def _text(node: Node, *paths: tuple[str, ...]) -> str:
    """The text at the first of these paths that has any."""
    found = (node.first(*path) for path in paths)
    return next((one.text for one in found if one is not None and one.text), "")
