"""Every bank's own form is read to the penny, and what is wrong with a file is named by its line."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.payments.bank_file_kinds import read_statement
from booking.payments.bank_lines import ReadFile, ReadLine, Unreadable, read_day, read_pence
from booking.payments.remittance import read_remittance
from booking.people.import_problems import ColumnsUnknown, ImportRefused
from tests.payments.bank_files import FOLDER, TODAY, WRITERS, a_line, signed_csv, statement

STATEMENTS = sorted(
    path.name for path in FOLDER.iterdir() if path.name not in {"remittance.csv", "other.csv"}
)
IN_ORDER = [(2, 5400), (3, 1350), (4, -12000), (5, 125000)]


def _read(content: bytes, name: str = "bank.csv") -> ReadFile:
    return read_statement(content, name, today=TODAY)


def _words(read: ReadFile) -> str:
    return "\n".join(map(str, read.problems))


@pytest.mark.parametrize("name", STATEMENTS)
def test_each_bank_is_read_to_the_penny(name: str) -> None:
    read = _read(statement(name), name)
    assert read.problems == ()
    assert sorted((line.on.day, line.amount_pence) for line in read.lines) == IN_ORDER
    assert {(line.on.month, line.on.year) for line in read.lines} == {(11, 2026)}
    by_day = {line.on.day: f"{line.text} {line.reference}" for line in read.lines}
    assert "AJON12345TFC" in by_day[2]
    assert "robin" in by_day[3].lower()
    assert "LV-2026-11" in by_day[5]


def test_a_bank_that_we_know_is_called_by_its_name() -> None:
    names = {name: _read(statement(name)).bank for name in STATEMENTS if name.endswith("csv")}
    assert names.pop("hsbc.csv") == ""
    assert all(names.values()), names
    assert len(set(names.values())) == 10


def test_other_headings_are_said_once_and_then_read() -> None:
    with pytest.raises(ColumnsUnknown, match="Say which column is which"):
        _read(statement("other.csv"))
    mapping = {"date": "Buchung", "text": "Wer und wofür", "amount": "Betrag"}
    read = read_statement(statement("other.csv"), "other.csv", today=TODAY, mapping=mapping)
    assert [(line.on.day, line.amount_pence) for line in read.lines] == IN_ORDER


_plain = st.text(
    st.characters(codec="cp1252", exclude_categories=["C", "Z"], exclude_characters="'"),
    min_size=1,
    max_size=12,
)
LINES = st.lists(
    st.builds(
        ReadLine,
        number=st.just(0),
        on=st.dates(TODAY - timedelta(days=365), TODAY),
        amount_pence=st.integers(-99_999_999, 99_999_999).filter(bool),
        text=st.lists(_plain, min_size=1, max_size=4).map(" ".join),
        reference=_plain.filter(lambda text: text != "NOTPROVIDED"),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.parametrize("form", WRITERS)
@settings(max_examples=40)
@given(lines=LINES)
def test_what_was_written_is_read_the_same(form: str, lines: list[ReadLine]) -> None:
    read = _read(WRITERS[form](lines), "file")
    assert _words(read) == ""
    told = [(line.on, line.amount_pence, line.text, line.reference) for line in read.lines]
    assert told == [(line.on, line.amount_pence, line.text, line.reference) for line in lines]


@given(pence=st.integers(-99_999_999, 99_999_999))
def test_no_penny_is_lost_in_any_spelling(pence: int) -> None:
    pounds, rest = f"{abs(pence) // 100}", f"{abs(pence) % 100:02d}"
    commas = f"{abs(pence) // 100:,}"
    minus = "-" if pence < 0 else ""
    spellings = [
        f"{minus}{pounds}.{rest}",
        f"{minus}£{commas}.{rest}",
        f"£{minus}{commas}.{rest}00",
        f"{minus}{commas}.{rest} GBP",
    ]
    spellings.append(f"({pounds}.{rest})" if pence < 0 else f"{pounds}.{rest} CR")
    assert {read_pence(text) for text in spellings} == {pence}


@pytest.mark.parametrize(
    "text", ["", "1,23.00", "1.234", "12.3.4", "1e3", "NaN", "£", "--1", "1.5x", "9999999.00", "٣.00"]
)
def test_what_is_no_amount_is_not_guessed(text: str) -> None:
    with pytest.raises(Unreadable):
        read_pence(text)


@pytest.mark.parametrize(
    "text",
    [
        "25/11/2026",
        "25/11/26",
        "25 Nov 2026",
        "25-Nov-26",
        "2026-11-25",
        "20261125",
        "2026-11-25T09:30:00Z",
        "25/11/2026 21:45",
    ],
)
def test_a_day_is_read_day_first(text: str) -> None:
    assert read_day(text) == date(2026, 11, 25)


def test_half_a_line_is_named_and_the_others_are_read() -> None:
    content = signed_csv([a_line("first"), a_line("second"), a_line("third")])
    cut = content[: content.index(b"third") + 3]
    read = _read(cut)
    assert [line.text for line in read.lines] == ["first", "second"]
    assert re.search(r"line 4.*Half a line: 2 of 4 cells", _words(read))


def test_a_last_line_cut_in_its_amount_is_not_taken_for_less() -> None:
    content = signed_csv([a_line("first"), a_line("second"), a_line("third", 11350)])
    for cut in (content[:-3], content[:-4], content[:-5]):
        read = _read(cut)
        assert [line.text for line in read.lines] == ["first", "second"], cut[-9:]
        assert re.search("line 4.*(ends in the middle of this line|not an amount)", _words(read))
    assert len(_read(content[:-2]).lines) == 3, "only the end of the line is missing"


def test_a_quotation_mark_that_is_never_closed_loses_only_what_follows() -> None:
    content = signed_csv([a_line("first"), a_line("second")]) + b'05/11/2026,"third'
    read = _read(content)
    assert [line.text for line in read.lines] == ["first", "second"]
    assert "line 4" in _words(read)
    assert "quotation marks" in _words(read)


def test_another_year_and_a_day_to_come_are_named_and_not_taken() -> None:
    days = [date(2026, 11, 23), date(2026, 11, 24), date(2025, 11, 20), date(2006, 11, 3)]
    read = _read(signed_csv([a_line(str(day), on=day) for day in days]))
    assert [line.on for line in read.lines] == [days[0]]
    assert re.findall(r"line (\d).*?: (This day is [a-z ]+)", _words(read)) == [
        ("3", "This day is still to come"),
        ("4", "This day is more than a year ago"),
        ("5", "This day is more than a year ago"),
    ]


def test_a_line_that_was_taken_out_shows_in_the_balance() -> None:
    lines = statement("lloyds.csv").splitlines(keepends=True)
    read = _read(b"".join(lines[:2] + lines[3:]))
    assert "The balance does not follow" in _words(read)
    assert len(read.lines) == 3
    camt = statement("camt_053.xml").replace(b'<Ntry><Amt Ccy="GBP">13.50', b'<Ntry><Amt Ccy="GBP">3.50')
    assert "The entries sum to £1,187.50, the balances say £1,197.50" in _words(_read(camt))


def test_a_batch_comes_apart_when_its_parts_sum_to_it() -> None:
    parts = "".join(
        f"<TxDtls><Amt Ccy='GBP'>{pounds}.00</Amt><RmtInf><Ustrd>{name}</Ustrd></RmtInf></TxDtls>"
        for name, pounds in (("Robin", 30), ("Wren", 24))
    )
    entry = (
        "<Document xmlns='camt.053'><BkToCstmrStmt><Stmt><Ntry><Amt Ccy='GBP'>{}.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
        "<Sts>BOOK</Sts><BookgDt><Dt>2026-11-03</Dt></BookgDt><NtryDtls>"
        + parts
        + "</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"
    )
    assert [(line.text, line.amount_pence) for line in _read(entry.format(54).encode()).lines] == [
        ("Robin", 3000),
        ("Wren", 2400),
    ]
    with pytest.raises(ImportRefused, match=r"The parts of this entry sum to £54\.00, not £55\.00"):
        _read(entry.format(55).encode())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7", "This is no list of lines"),
        (b"PK\x03\x04", "This is no list of lines"),
        (b"", "empty"),
        (b"<html><body>Sign in again</body></html>", "XML, not a table"),
        (signed_csv([]), "no line with an amount"),
        (statement("version_1.ofx").replace(b"GBP", b"EUR"), "not in pounds"),
        (b"<?xml version='1.0'?><!DOCTYPE OFX [<!ENTITY a 'b'>]><OFX>&a;</OFX>", "document type"),
        (b"OFXHEADER:100\n<!DOCTYPE OFX>\n<OFX></OFX>", "document type"),
        (statement("camt_053.xml").replace(b"BkToCstmrStmt", b"BkToCstmrAcctRpt"), "Choose CAMT.053"),
        (statement("camt_053.xml")[:-200], "ends too soon"),
        (statement("camt_053.xml") + b" " * 5 * 1024 * 1024, "larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, words: str) -> None:
    with pytest.raises(ImportRefused, match=words):
        _read(content, "file")


def test_an_open_transaction_at_the_end_of_ofx_is_named() -> None:
    content = statement("version_1.ofx")
    read = _read(content[: content.rindex(b"<MEMO>LV")], "bank.ofx")
    assert len(read.lines) == 3
    assert "Half a transaction" in _words(read)
    cut = content[: content.rindex(b"</STMTTRN>") + len(b"</STMTTRN>")]
    assert "The file ends too soon" in _words(_read(cut, "bank.ofx"))


def test_a_remittance_is_read_whole_or_not_at_all() -> None:
    read = read_remittance(statement("remittance.csv"), "larkspur.csv", today=TODAY)
    assert [(line.text, line.reference, line.amount_pence) for line in read.lines] == [
        ("Alex Robin Kit Robin", "LV100200", 24300),
        ("Sam Wren Ada Wren", "LV100300", 100700),
    ]
    assert {line.on for line in read.lines} == {date(2026, 11, 5)}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("1,250.00", "1,260.00", r"The lines sum to £1,250\.00, the firm’s total says £1,260\.00"),
        ("£243.00", "£two", r"line 6, column “Amount”.*not an amount"),
        ("£243.00", "-243.00", r"line 6.*more than nothing"),
        ("Kit Robin,LV100200,£243.00", "Kit Ro", r"line 6: Half a line"),
        ("05/11/2026", "05/11/2024", r"more than a year ago"),
        ("05/11/2026", "05/12/2026", r"still to come"),
        ("Payment date,05/11/2026\n", "", r"does not say when the firm pays"),
        ("Amount", "Price", r"No headings that we know"),
    ],
)
def test_what_is_wrong_with_a_remittance_is_named(old: str, new: str, words: str) -> None:
    content = statement("remittance.csv").decode().replace(old, new).encode()
    with pytest.raises(ImportRefused, match=f"(?s){words}"):
        read_remittance(content, "larkspur.csv", today=TODAY)


def test_the_day_of_a_remittance_may_be_written_beside_it() -> None:
    content = statement("remittance.csv").replace(b"Payment date,05/11/2026\n", b"")
    read = read_remittance(content, "larkspur.csv", today=TODAY, paid_on=date(2026, 11, 4))
    assert {line.on for line in read.lines} == {date(2026, 11, 4)}


MEASURE = """
import re, sys
from datetime import date
from pathlib import Path
from booking.payments.bank_file_kinds import read_statement
def high_water(): return int(re.search('VmHWM:\\\\s+(\\\\d+)', Path('/proc/self/status').read_text())[1])
content = b'Date,Description,Amount,Balance\\n' + b''.join(
    b'03/11/2026,"HMRC CHILDCARE AJON%05dTFC",54.00,%d.00\\n' % (n, 54 * (n + 1)) for n in range(100_000))
before = high_water()
read = read_statement(content, 'bank.csv', today=date(2026, 11, 23))
print(len(read.lines), len(read.problems), sum(line.amount_pence for line in read.lines), (high_water() - before) // 1024)
"""


def test_a_hundred_thousand_lines_are_no_trouble() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    lines, problems, pence, megabytes = map(int, done.stdout.split())
    assert (lines, problems, pence) == (100_000, 0, 540_000_000)
    assert megabytes < 150
