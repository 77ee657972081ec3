"""Reads OFX, which banks also call Money or Quicken: version 1 with open tags (SGML), version 2 as XML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from booking.core.xml_reading import Node, XmlKind, XmlRefused, read_pieces
from booking.payments.bank_lines import LineTaker, ReadFile, Unreadable, read_pence
from booking.people.import_problems import ImportProblem, ImportRefused

OFX = XmlKind("OFX", "an OFX file", "transaction", "transactions", 50_000, 5, "Take a shorter time.")
STATEMENT = ("ofx", "bankmsgsrsv1", "stmttrnrs", "stmtrs")
TRANSACTION = (*STATEMENT, "banktranlist", "stmttrn")
_TAG = re.compile(r"<(/?)([A-Za-z0-9._]{1,40})>([^<\r\n]*)")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&apos;", "'"), ("&quot;", '"'), ("&amp;", "&"))


def is_ofx(content: bytes) -> bool:
    """Whether a file begins as OFX does, of either version."""
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").upper()
    return start.startswith((b"OFXHEADER", b"<OFX>")) or (start.startswith(b"<?XML") and b"<OFX>" in start)


def read_ofx(content: bytes, file: str, *, today: date) -> ReadFile:
    """The transactions of a bank account's statement; raises `ImportRefused` for a file that cannot be read."""
    taker = LineTaker(file, today)
    if content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(b"<?xml"):
        account = _read_xml(content, file, taker)
    else:
        account = _read_sgml(content, file, taker)
    return taker.done("ofx", "", account)


def _read_xml(content: bytes, file: str, taker: LineTaker) -> str:
    told: dict[str, str] = {}

    def currency(node: Node) -> None:
        told["CURDEF"] = node.text

    def account(node: Node) -> None:
        told["ACCTID"] = (node.first("acctid") or node).text

    def transaction(node: Node) -> None:
        _take(taker, node.line, {child.tag.upper(): child.text for child in node.children}, told)

    pieces = {
        (*STATEMENT, "curdef"): currency,
        (*STATEMENT, "bankacctfrom"): account,
        TRANSACTION: transaction,
    }
    try:
        read_pieces(content, OFX, pieces, counted=TRANSACTION)
    except XmlRefused as error:
        raise ImportRefused([ImportProblem(file, error.line, "", "", str(error))]) from error
    return told.get("ACCTID", "")


def _read_sgml(content: bytes, file: str, taker: LineTaker) -> str:
    """Version 1: a tag ends where its line or the next tag begins; only aggregates have an end tag."""
    told: dict[str, str] = {}
    fields: dict[str, str] | None = None
    begins = 0
    for number, is_end, tag, value in _tags(_text(content, file)):
        if tag == "STMTTRN":
            if fields is not None and not is_end:
                taker.wrong(begins, "Half a transaction: it has no end. Take the file again from your bank.")
            if fields is not None and is_end:
                _take(taker, begins, fields, told)
            fields, begins = (None if is_end else {}), number
        elif fields is not None and not is_end:
            fields.setdefault(tag, value)
        elif not is_end and value:
            told.setdefault(tag, value)
        elif is_end and tag == "OFX":
            told["END"] = "yes"
    if fields is not None:
        taker.wrong(begins, "Half a transaction: it has no end. Take the file again from your bank.")
    elif "END" not in told:
        taker.wrong(0, "The file ends too soon. Take it again from your bank.")
    return told.get("ACCTID", "")


def _tags(text: str) -> Iterator[tuple[int, bool, str, str]]:
    """Each tag with its line, whether it ends something, and the value behind it."""
    number = at = 0
    for match in _TAG.finditer(text):
        number += text.count("\n", at, match.start())
        at = match.start()
        value = match[3].strip()
        if "&" in value:
            for entity, sign in _ENTITIES:
                value = value.replace(entity, sign)
        yield number + 1, bool(match[1]), match[2].upper(), value


def _text(content: bytes, file: str) -> str:
    if b"<!DOCTYPE" in content[:4096].upper() or b"<!ENTITY" in content.upper():
        reason = "The file declares a document type. No bank needs that, so it is refused."
        raise ImportRefused([ImportProblem(file, 0, "", "", reason)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _take(taker: LineTaker, number: int, fields: Mapping[str, str], told: Mapping[str, str]) -> None:
    currency = told.get("CURDEF", "GBP")
    if currency.upper() != "GBP":
        taker.wrong(number, "This line is not in pounds.", column="CURDEF", value=currency)
        return
    missing = next((tag for tag in ("TRNAMT", "DTPOSTED") if not fields.get(tag)), None)
    if missing:
        taker.wrong(number, f"Half a transaction: {missing} is missing.")
        return
    try:
        pence = read_pence(fields["TRNAMT"])
    except Unreadable as error:
        taker.wrong(number, str(error), column="TRNAMT", value=fields["TRNAMT"])
        return
    name, memo = fields.get("NAME", ""), fields.get("MEMO", "")
    text = memo if memo.startswith(name) else name if name.startswith(memo) else f"{name} {memo}"
    taker.take(number, fields["DTPOSTED"], pence, text, reference=fields.get("REFNUM", ""))
