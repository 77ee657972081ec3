"""Printing: the same bytes for the same data, tagged for screen readers, and never stopped by a letter or a name."""

from __future__ import annotations

import hashlib
import io
import logging
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.core import fonts, pdf
from tests.services import lacking

AT = datetime(2027, 1, 3, 9, 30, tzinfo=UTC)
NO_FONT_HAS_THIS = "\U0001f996"
CHART = (
    '<svg viewBox="0 0 100 20" font-family="Noto Sans"><circle cx="27" cy="8" r="3"/>'
    '<text x="40" y="12" font-size="8">27%</text></svg>'
)


def a_report(**changes: Any) -> dict[str, Any]:
    """The data of a governors' report, with what a test wants changed."""
    return {
        "title": "Who takes part: autumn term 2026",
        "school": "Saint Hilda's Primary School",
        "period": "Autumn term 2026",
        "headline": "About half of all pupils took part.",
        "chart": {"svg": CHART, "alt": "Uptake was 27% for the one group shown."},
        "table": {
            "caption": "Pupils who came at least once",
            "head": ["Group", "On roll", "Uptake"],
            "rows": [["Pupil premium", "52", "27%"], ["EHCP", "9", "c"]],
        },
        "notes": ["One note."],
        "how_to_read": ["The dot is the share.", "The line is the range."],
        "withheld": ["c: withheld to protect individuals."],
        "printed": "3 January 2027",
        **changes,
    }


def text_of(document: bytes) -> str:
    """What a reader can select, page by page, with all white space made single."""
    pages = pypdf.PdfReader(io.BytesIO(document)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def claims_ua1(document: bytes) -> bool:
    """Whether the file's own description says PDF/UA-1."""
    description = pypdf.PdfReader(io.BytesIO(document)).root_object["/Metadata"].get_object().get_data()
    return b"<pdfuaid:part>1</pdfuaid:part>" in description


def test_a_report_prints_all_that_it_was_given():
    printed = text_of(pdf.render("equity.typ", a_report(), at=AT))
    for words in (
        "Who takes part",
        "About half",
        "27%",
        "One note.",
        "Page 1 of 1",
        "Made 3 January 2027",
        "PUBLIC",
    ):
        assert words in printed


def test_a_document_is_tagged_titled_and_made_for_screen_readers():
    document = pdf.render("equity.typ", a_report(), at=AT)
    root = pypdf.PdfReader(io.BytesIO(document)).root_object
    assert claims_ua1(document)
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert pypdf.PdfReader(io.BytesIO(document)).metadata.title == "Who takes part: autumn term 2026"


def test_the_same_data_and_time_give_the_same_bytes_whatever_was_printed_between():
    first = pdf.render("equity.typ", a_report(), at=AT)
    pdf.render("equity.typ", a_report(headline="Another."), at=AT)
    assert pdf.render("equity.typ", dict(reversed(a_report().items())), at=AT) == first
    assert pdf.render("equity.typ", a_report(), at=AT.replace(minute=31)) != first


def test_another_process_gives_the_same_bytes():
    code = (
        "import hashlib, sys; from tests.core.test_pdf import AT, a_report; from booking.core import pdf;"
        "sys.stdout.write(hashlib.sha256(pdf.render('equity.typ', a_report(), at=AT)).hexdigest())"
    )
    root = Path(__file__).resolve().parents[2]
    there = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert there.stdout == hashlib.sha256(pdf.render("equity.typ", a_report(), at=AT)).hexdigest()


def test_a_letter_without_a_glyph_is_found_and_stops_nothing(caplog):
    assert fonts.unprintable(f"Rex {NO_FONT_HAS_THIS}{NO_FONT_HAS_THIS}") == NO_FONT_HAS_THIS
    with caplog.at_level(logging.WARNING):
        document = pdf.render("equity.typ", a_report(headline=f"Rex {NO_FONT_HAS_THIS} came."), at=AT)
    assert "Rex" in text_of(document)
    assert not claims_ua1(document)
    assert not caplog.records


def test_what_pdf_ua_refuses_prints_without_the_mark_and_the_log_quotes_nothing(caplog):
    with caplog.at_level(logging.WARNING):
        document = pdf.render("equity.typ", a_report(title="", school="Nobody's Secret School"), at=AT)
    assert "Nobody's Secret School" in text_of(document)
    assert not claims_ua1(document)
    assert "equity.typ" in caplog.text
    assert "Secret" not in caplog.text


@pytest.mark.parametrize(
    "name",
    [
        "Nguyễn Thị Hồng Phượng",
        "Łucja Żółć",
        "فاطمة الزهراء",
        "محمد زبیر ڈار",
        "李小龙",
        "கார்த்திகேயன்",
        "김민준",
    ],
)
def test_the_locked_fonts_alone_draw_the_names_of_an_english_city(name, monkeypatch):
    monkeypatch.setattr(fonts, "_debian_files", lambda: ())
    assert fonts.unprintable(name) == ""


def test_debians_fonts_are_asked_only_for_what_the_wheels_lack(monkeypatch):
    assert fonts.DEBIAN_FOLDER not in fonts.chosen_for(["Łucja", "李"]).folders
    monkeypatch.setattr(fonts, "_debian_files", lambda: ())
    assert fonts.unprintable("আনিকা") != ""


def test_bengali_prints_where_debians_fonts_are():
    if not fonts.DEBIAN_FOLDER.is_dir():
        lacking("Debian's Noto fonts", "apt-get install fonts-noto-core")
    document = pdf.render("equity.typ", a_report(headline="রহমান, আনিকা"), at=AT)
    assert fonts.unprintable("রহমান, আনিকা") == ""
    assert claims_ua1(document)


def test_signs_that_are_never_drawn_count_as_printable():
    assert fonts.unprintable("a\u200d\u200c\ufe0f \u00a0\u3000\n\t") == ""


@pytest.mark.parametrize(
    "words",
    ['#panic("x")', "*bold* _it_", "$x^2$", "= Heading", "// gone", "@ref <label>", "\\ #import", '"]; #x'],
)
def test_markup_in_data_prints_as_it_stands(words):
    assert words in text_of(pdf.render("equity.typ", a_report(headline=words), at=AT))


def test_letters_that_turn_a_line_round_are_left_out():
    document = pdf.render("equity.typ", a_report(headline="Ali\u202etxt.exe\x07 \ud800."), at=AT)
    assert "Alitxt.exe" in text_of(document)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=40))
def test_no_text_whatever_stops_a_document(words):
    assert pdf.render("equity.typ", a_report(headline=words), at=AT).startswith(b"%PDF-")


def test_threads_take_turns_and_each_gets_its_own_document():
    results: dict[int, str] = {}

    def print_one(number: int) -> None:
        results[number] = text_of(pdf.render("equity.typ", a_report(headline=f"Number {number}."), at=AT))

    threads = [threading.Thread(target=print_one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(f"Number {number}." in results[number] for number in range(6))


def test_a_naive_time_and_an_unknown_template_are_refused():
    with pytest.raises(ValueError, match="zone"):
        pdf.render("equity.typ", a_report(), at=datetime(2027, 1, 3))
    with pytest.raises(ValueError, match="no print template"):
        pdf.render("secrets.typ", a_report(), at=AT)
    with pytest.raises(ValueError, match="no print template"):
        pdf.render("../print/equity.typ", a_report(), at=AT)


def test_the_heavy_parts_are_not_loaded_until_something_is_printed():
    code = "import sys, booking.core.pdf; assert not {'typst', 'fontTools'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[2], check=True)
