"""Lists on paper: page x of y, nobody split or missing, at least 9 mm a row, whatever the number and the script."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from typing import Any

import pypdf
import pytest

from booking.registers.lists import Column, ListSheet, Section, cell, words
from booking.registers.sheets import render_sheets
from tests.registers.paper_school import DAY, NOON, SIX_SCRIPTS
from tests.registers.test_sheets import MILLIMETRE, NO_FONT_HAS_THIS, pieces_of

COLUMNS = (Column("", "10mm"), Column("Name", "1fr"), Column("How home", "60mm"), Column("Gone", "16mm"))


def a_list(count: int = 2, *, name: str = "Family{0}name, Zara", **changes: Any) -> ListSheet:
    """A going-home list in which each word carries the child's number."""
    rows = tuple(
        (
            cell(words(str(n))),
            cell(words(name.format(n), "strong"), words(f"CHANGED{n}x", "tag"), words(f"check{n}x", "alert")),
            cell(f"first{n}x line", f"last{n}x line"),
            cell(words("", "tick")),
        )
        for n in range(1, count + 1)
    )
    told: dict[str, Any] = {
        "title": "3 Oak",
        "label": "GOING-HOME SHEET",
        "day": DAY,
        "school": "Saint Hilda's Primary School",
        "printed_at": NOON,
        "printed_by": "Sam Reed",
        "about": ("Wednesday 25 November 2026",),
        "counts": (("Children", count), ("Not in school", 0)),
        "sections": (Section(COLUMNS, rows, empty="Nobody."),),
        "signs": ("All gone, checked by",),
    }
    return ListSheet(**{**told, **changes})


def printed(*sheets: ListSheet) -> bytes:
    """The sheets as one PDF."""
    return render_sheets([sheet.data() for sheet in sheets], [DAY], NOON)


def pages_of(document: bytes) -> list[str]:
    """The text of each page as one line, without the marks that let a long word break."""
    pages = pypdf.PdfReader(io.BytesIO(document)).pages
    return [" ".join(page.extract_text().replace("\u200b", "").split()) for page in pages]


@pytest.mark.parametrize("count", [1, 12, 30, 61, 120])
def test_each_row_is_whole_on_one_page_and_each_page_says_which_of_how_many(count: int) -> None:
    pages = pages_of(printed(a_list(count)))
    for number, page in enumerate(pages, start=1):
        assert re.findall(r"Page \d+ of \d+", page) == [f"Page {number} of {len(pages)}"]
        for said in (
            "3 Oak",
            "Saint Hilda's Primary School",
            "GOING-HOME SHEET",
            "Printed 12:00 by Sam Reed",
        ):
            assert said in page
        assert f"Children {count} " in page
        assert "Confidential. Destroy after 25 December 2026." in page
    everything = " ".join(pages)
    for n in range(1, count + 1):
        assert everything.count(f"Family{n}name, Zara") == 1
        parts = (f"Family{n}name", f"CHANGED{n}x", f"check{n}x", f"first{n}x", f"last{n}x")
        assert any(all(part in page for part in parts) for page in pages), f"row {n} is split"


def test_nothing_is_smaller_than_twelve_points_and_no_row_lower_than_nine_millimetres() -> None:
    rows = tuple((cell(str(n)), cell("Name"), cell(""), cell(words("", "tick"))) for n in range(1, 15))
    pieces = list(pieces_of(printed(a_list(sections=(Section(COLUMNS, rows),)))))
    assert min(size for *_, size in pieces) >= 11.99
    numbers = [y for _, said, x, y, _ in pieces if re.fullmatch(r"\d+", said) and x < 15 * MILLIMETRE + 30]
    gaps = [above - below for above, below in pairwise(numbers)]
    assert len(gaps) == 13
    assert min(gaps) >= 9 * MILLIMETRE


def test_names_in_six_scripts_print_for_screen_readers_and_markup_stays_a_name() -> None:
    named = tuple(f"{surname}, {first}" for surname, first in SIX_SCRIPTS)
    rows = tuple((cell(words(name, "strong")),) for name in (*named, '#panic("x") *b* $x$', "<l> @r \\"))
    sheet = a_list(sections=(Section((Column("Name", "1fr"),), rows),))
    document = printed(sheet)
    reader = pypdf.PdfReader(io.BytesIO(document))
    assert b"<pdfuaid:part>1</pdfuaid:part>" in reader.root_object["/Metadata"].get_object().get_data()
    (page,) = pages_of(document)
    for part in (
        "Nowak-Wiśniewska, Małgorzata",
        "Nguyễn, ",
        "محمد",
        "小龙",
        '#panic("x") *b* $x$',
        "<l> @r \\",
    ):
        assert part in page


def test_a_letter_that_cannot_be_printed_is_noted_in_its_row_alone() -> None:
    rows = ((cell("1"), cell(f"Rex {NO_FONT_HAS_THIS}")), (cell("2"), cell("Tia")))
    (page,) = pages_of(printed(a_list(sections=(Section(COLUMNS[:2], rows),))))
    assert page.count("(some letters cannot be printed)") == 1


def test_a_cell_longer_than_a_page_runs_on_and_loses_no_word() -> None:
    told = " ".join(f"step{n}x" for n in range(1, 900))
    pages = pages_of(printed(a_list(sections=(Section(COLUMNS[:2], ((cell("1"), cell(told)),)),))))
    assert len(pages) > 1
    assert all(f"step{n}x" in " ".join(pages) for n in range(1, 900))


def test_sheets_of_both_shapes_stand_in_one_file_and_count_their_own_pages() -> None:
    pages = pages_of(printed(a_list(40), a_list(1, title="4 Elm"), a_list(0, title="5 Ash")))
    counts = [re.search(r"Page (\d+) of (\d+)", page).groups() for page in pages]  # type: ignore[union-attr]
    assert counts[-2:] == [("1", "1"), ("1", "1")]
    assert counts[0] == ("1", str(len(pages) - 2))
    assert "Nobody." in pages[-1]


def test_the_same_list_gives_the_same_bytes() -> None:
    first = printed(a_list(12))
    printed(a_list(3))
    assert printed(a_list(12)) == first
