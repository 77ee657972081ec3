"""Invented statements: the files in `statements/`, and writers that make a file of given lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from booking.payments.bank_lines import ReadLine

TODAY = date(2026, 11, 23)
FOLDER = Path(__file__).parent / "statements"


def statement(name: str) -> bytes:
    """The bytes of one of the invented files."""
    return (FOLDER / name).read_bytes()


def a_line(text: str, amount_pence: int = 1350, on: date = date(2026, 11, 3), **values: object) -> ReadLine:
    """A line of a statement."""
    return ReadLine(**{"number": 2, "on": on, "amount_pence": amount_pence, "text": text, **values})  # type: ignore[arg-type]


def _pounds(pence: int) -> str:
    sign = "-" if pence < 0 else ""
    return f"{sign}{abs(pence) // 100:,}.{abs(pence) % 100:02d}"


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def signed_csv(lines: Sequence[ReadLine]) -> bytes:
    """One signed column, the day as 03/11/2026."""
    rows = [[f"{one.on:%d/%m/%Y}", one.text, one.reference, _pounds(one.amount_pence)] for one in lines]
    return _csv([["Date", "Description", "Reference", "Amount"], *rows])


def two_column_csv(lines: Sequence[ReadLine]) -> bytes:
    """A column for what came in and one for what went out, under three lines of title, the day as 03 Nov 26."""
    rows = []
    for one in lines:
        amount = f"£{_pounds(abs(one.amount_pence))}"
        ways = ["", amount] if one.amount_pence > 0 else [amount, ""]
        rows.append([f"{one.on:%d %b %y}", one.text, one.reference, *ways])
    title = [["Account Name:", "Brook Lane"], ["Account Balance:", "£1.00"], []]
    return _csv([*title, ["Date", "Description", "Reference", "Paid out", "Paid in"], *rows])


def ofx_1(lines: Sequence[ReadLine]) -> bytes:
    """Open tags."""
    body = "".join(
        f"<STMTTRN>\n<DTPOSTED>{one.on:%Y%m%d}120000[0:GMT]\n<TRNAMT>{_pounds(one.amount_pence).replace(',', '')}\n"
        f"<NAME>{_escaped(one.text)}\n<REFNUM>{_escaped(one.reference)}\n</STMTTRN>\n"
        for one in lines
    )
    return f"OFXHEADER:100\n\n<OFX><CURDEF>GBP\n<BANKTRANLIST>\n{body}</BANKTRANLIST></OFX>\n".encode()


def ofx_2(lines: Sequence[ReadLine]) -> bytes:
    """The same in XML."""
    body = "".join(
        f"<STMTTRN><DTPOSTED>{one.on:%Y%m%d}</DTPOSTED><TRNAMT>{_pounds(one.amount_pence).replace(',', '')}</TRNAMT>"
        f"<NAME>{_escaped(one.text)}</NAME><REFNUM>{_escaped(one.reference)}</REFNUM></STMTTRN>\n"
        for one in lines
    )
    return (
        '<?xml version="1.0"?>\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>GBP</CURDEF><BANKTRANLIST>\n'
        f"{body}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    ).encode()


def camt(lines: Sequence[ReadLine]) -> bytes:
    """CAMT.053 with balances around the entries."""
    body = "".join(
        f'<Ntry><Amt Ccy="GBP">{_pounds(abs(one.amount_pence)).replace(",", "")}</Amt>'
        f"<CdtDbtInd>{'CRDT' if one.amount_pence > 0 else 'DBIT'}</CdtDbtInd><Sts>BOOK</Sts>"
        f"<BookgDt><Dt>{one.on}</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>{_escaped(one.reference)}"
        f"</EndToEndId></Refs><RmtInf><Ustrd>{_escaped(one.text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
        for one in lines
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>'
        f"<Acct><Id><IBAN>GB00</IBAN></Id></Acct>{_balance('OPBD', 0)}"
        f"{_balance('CLBD', sum(one.amount_pence for one in lines))}\n{body}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _balance(kind: str, pence: int) -> str:
    way = "CRDT" if pence >= 0 else "DBIT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='GBP'>{_pounds(abs(pence)).replace(',', '')}</Amt>"
        f"<CdtDbtInd>{way}</CdtDbtInd></Bal>"
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


WRITERS: dict[str, Callable[[Sequence[ReadLine]], bytes]] = {
    "one signed column": signed_csv,
    "two columns": two_column_csv,
    "OFX 1": ofx_1,
    "OFX 2": ofx_2,
    "CAMT.053": camt,
}
