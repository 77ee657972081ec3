"""The paper register: nobody missing, nothing split, care details only where they belong, and it always prints."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pypdf
import pytest

from booking.registers.sheets import RegisterEntry, RegisterSheet, SheetKind, render_registers

AT = datetime(2026, 10, 14, 14, 10, tzinfo=UTC)
MILLIMETRE = 72 / 25.4
NO_FONT_HAS_THIS = "\U0001f996"
SIX_SCRIPTS = (
    "Nowak-Wiśniewska, Małgorzata",
    "Nguyễn, Thị Hồng Phượng",
    "علي، فاطمة الزهراء",
    "خان، محمد زبیر ڈار",
    "李, 小龙 (Li, Xiaolong)",
    "முருகன், கார்த்திகேயன்",
)


def an_entry(number: int = 1, **changes: Any) -> RegisterEntry:
    """A child with every care detail, each word of it carrying the child's number."""
    told: dict[str, Any] = {
        "name": f"Family{number}name, Zara Ann",
        "class_name": "3 Oak",
        "year_label": "Year 3",
        "allergies": (f"peanuts{number}x", f"sesame{number}x"),
        "medical": f"asthma{number}x, blue inhaler in the red bag, two puffs before any running about, rest{number}x",
        "diet": (f"halal{number}x",),
        "support": f"quiet{number}x corner",
        "may_collect": (f"Nasreen{number}x (mother)", "Yusuf (uncle)"),
        "goes_home_alone": f"until 16:30 term{number}x",
    }
    return RegisterEntry(**{**told, **changes})


def a_sheet(children: int = 2, **changes: Any) -> RegisterSheet:
    """A Wednesday's chess club."""
    told: dict[str, Any] = {
        "school": "Saint Hilda's Primary School",
        "activity": "Chess club",
        "date": date(2026, 10, 14),
        "room": "Main hall",
        "leader": "Ms Okonkwo",
        "starts_at": time(15, 30),
        "ends_at": time(16, 30),
        "printed_at": AT,
        "destroy_after": date(2026, 11, 14),
        "entries": tuple(an_entry(number) for number in range(1, children + 1)),
    }
    return RegisterSheet(**{**told, **changes})


def pages_of(*sheets: tuple[RegisterSheet, SheetKind]) -> list[str]:
    """The text of each page as one line, without the marks that let a long word break."""
    document = pypdf.PdfReader(io.BytesIO(render_registers(sheets, AT)))
    return [" ".join(page.extract_text().replace("\u200b", "").split()) for page in document.pages]


def pieces_of(document: bytes) -> Iterator[tuple[int, str, float, float, float]]:
    """Each piece of text: page, words, x, y and size in points."""
    for number, page in enumerate(pypdf.PdfReader(io.BytesIO(document)).pages):
        found: list[tuple[int, str, float, float, float]] = []

        def keep(
            words: str, cm: Any, tm: Any, font: Any, size: float, page: int = number, into: Any = found
        ) -> None:
            if words.strip():
                into.append(
                    (
                        page,
                        words.strip(),
                        cm[0] * tm[4] + cm[4],
                        cm[3] * tm[5] + cm[5],
                        abs(size * tm[3] * cm[3]),
                    )
                )

        page.extract_text(visitor_text=keep)
        yield from found


@pytest.mark.parametrize("kind", ["door", "leader"])
@pytest.mark.parametrize("children", [1, 12, 30, 61, 120])
def test_each_page_says_which_of_how_many_and_each_child_is_there_once(children, kind):
    pages = pages_of((a_sheet(children), kind))
    for number, page in enumerate(pages, start=1):
        assert re.findall(r"Page \d+ of \d+", page) == [f"Page {number} of {len(pages)}"]
    everything = " ".join(pages)
    for number in range(1, children + 1):
        assert everything.count(f"Family{number}name, Zara Ann") == 1


def test_every_page_carries_the_whole_head_and_the_foot():
    pages = pages_of((a_sheet(61, printed_by="Sam Reed"), "door"))
    assert len(pages) > 2
    for page in pages:
        for words in (
            "Saint Hilda's Primary School", "Chess club", "Wednesday 14 October 2026", "15:30 to 16:30",
            "Main hall", "Ms Okonkwo", "Printed 15:10 by Sam Reed", "Expected 61", "DOOR SHEET",
            "Confidential. Destroy after 14 November 2026.",
        ):  # fmt: skip
            assert words in page


def test_each_sheet_of_a_bundle_starts_a_page_and_counts_its_own():
    pages = pages_of((a_sheet(30), "door"), (a_sheet(0), "leader"), (a_sheet(3, activity="Art club"), "door"))
    counts = [re.search(r"Page (\d+) of (\d+)", page).groups() for page in pages]
    assert counts == [("1", "2"), ("2", "2"), ("1", "1"), ("1", "1")]
    assert ["Art club" in page for page in pages] == [False, False, False, True]


def test_no_child_is_split_over_two_pages():
    pages = pages_of((a_sheet(60), "leader"))
    for number in range(1, 61):
        words = [f"Family{number}name", *(f"{word}{number}x" for word in (
            "peanuts", "sesame", "asthma", "rest", "halal", "quiet", "Nasreen", "term"))]  # fmt: skip
        assert any(all(word in page for word in words) for page in pages), f"child {number} is split"


def test_no_name_of_several_lines_is_split_at_the_door():
    names = [
        f"First{n}x Second{n}x Third{n}x Fourth{n}x Fifth{n}x Sixth{n}x Seventh{n}x" for n in range(1, 41)
    ]
    pages = pages_of((a_sheet(entries=tuple(an_entry(name=name) for name in names)), "door"))
    assert all(any(name in page for page in pages) for name in names)


def test_a_care_plan_longer_than_a_page_loses_no_word():
    plan = " ".join(f"step{number}x" for number in range(1, 900))
    sheet = a_sheet(entries=(an_entry(1, medical=plan), an_entry(2)))
    everything = " ".join(pages_of((sheet, "leader")))
    assert all(word in everything for word in (*plan.split(), "Family2name"))
    places = [(y, words) for _, words, _, y, _ in pieces_of(render_registers([(sheet, "leader")], AT))]
    steps = [y for y, words in places if "step" in words]
    foot = max(y for y, words in places if words.startswith("Confidential"))
    headings = max(y for y, words in places if words.startswith("Collected by"))
    assert foot < min(steps) <= max(steps) < headings


def test_a_door_sheet_holds_no_care_details():
    entry = an_entry(1, absent="hospital1x")
    document = render_registers([(a_sheet(entries=(entry, an_entry(2))), "door")], AT)
    everything = " ".join(words for _, words, *_ in pieces_of(document)).lower()
    raw = document.lower()
    for word in (
        "peanuts", "sesame", "asthma", "inhaler", "halal", "quiet", "nasreen", "yusuf", "term1x", "hospital",
        "allergy", "medical", "year 3",
    ):  # fmt: skip
        assert word not in everything
        assert word.encode() not in raw
    assert "absent" in everything


def test_a_leaders_sheet_says_all_that_a_leader_must_know():
    (page,) = pages_of((a_sheet(1), "leader"))
    for words in (
        "LEADER’S SHEET", "ALLERGY: peanuts1x, sesame1x", "MEDICAL: asthma1x, blue inhaler", "Diet: halal1x",
        "Support: quiet1x corner", "May collect: Nasreen1x (mother), Yusuf (uncle)",
        "Goes home alone: Yes: until 16:30 term1x", "Year 3",
    ):  # fmt: skip
        assert words in page


def test_a_child_without_details_is_not_given_empty_headings():
    bare = RegisterEntry(name="Smith, Jo", class_name="2M", diet=("",), goes_home_alone="  ")
    (page,) = pages_of((a_sheet(entries=(bare,)), "leader"))
    assert not re.search("ALLERGY|MEDICAL|Diet|Support", page)
    assert "May collect: nobody is named, ask the office Goes home alone: No" in page


def test_marks_already_made_unpaid_places_and_absences_show():
    entries = (
        an_entry(1, in_at=datetime(2026, 10, 14, 14, 32, tzinfo=UTC)),
        an_entry(2, status="not yet paid"),
        an_entry(3, absent="ill"),
        an_entry(4, absent=""),
    )
    (page,) = pages_of((a_sheet(entries=entries), "door"))
    assert "15:32" in page
    assert page.count("not yet paid") == 1
    assert page.count("ABSENT") == 2
    assert "Expected 2" in page
    assert "ABSENT: ill" in " ".join(pages_of((a_sheet(entries=entries), "leader")))


@pytest.mark.parametrize("kind", ["door", "leader"])
def test_an_empty_register_says_so_and_leaves_room_for_three(kind):
    (page,) = pages_of((a_sheet(0), kind))
    assert "Nobody is booked." in page
    assert page.count("+") == page.count("Expected 0") + 1 == 3


def test_a_register_printed_on_an_earlier_day_says_which():
    for printed, words in ((13, "Printed 16:00, Tuesday 13 October 2026"), (14, "Printed 16:00 Expected")):
        (page,) = pages_of((a_sheet(1, printed_at=datetime(2026, 10, printed, 15, 0, tzinfo=UTC)), "door"))
        assert words in page


@pytest.mark.parametrize("kind", ["door", "leader"])
def test_nothing_is_smaller_than_twelve_points_and_no_row_lower_than_nine_millimetres(kind):
    document = render_registers([(a_sheet(12, printed_by="Sam"), kind)], AT)
    pieces = list(pieces_of(document))
    assert min(size for *_, size in pieces) >= 11.99
    left = 15 * MILLIMETRE
    numbers = [
        (page, y) for page, words, x, y, _ in pieces if re.fullmatch(r"\d+|\+", words) and x < left + 30
    ]
    gaps = [a[1] - b[1] for a, b in pairwise(numbers) if a[0] == b[0] and a[1] > b[1]]
    assert len(gaps) >= 10
    assert min(gaps) >= 9 * MILLIMETRE


def test_names_in_six_scripts_print_in_a_file_made_for_screen_readers():
    entries = tuple(an_entry(name=name, may_collect=("محمد خان", "علي خان")) for name in SIX_SCRIPTS)
    for kind in ("door", "leader"):
        document = render_registers([(a_sheet(entries=entries), kind)], AT)
        reader = pypdf.PdfReader(io.BytesIO(document))
        assert b"<pdfuaid:part>1</pdfuaid:part>" in reader.root_object["/Metadata"].get_object().get_data()
        assert reader.metadata.title == "Registers for Wednesday 14 October 2026"
        text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
        for part in (
            "Nowak-Wiśniewska, Małgorzata",
            "Nguyễn, ",
            " Hồng Phượng",
            "محمد",
            "小龙",
            "(Li, Xiaolong)",
        ):
            assert part in text


def test_the_shape_of_the_slot_is_named_for_those_who_cannot_see_it():
    for kind, words in (("breakfast", "Sun: breakfast"), ("extended_care", "Moon: care until six")):
        reader = pypdf.PdfReader(io.BytesIO(render_registers([(a_sheet(1, activity_kind=kind), "door")], AT)))
        things = [reader.get_object(number) for number in reader.xref[0]]
        assert words in [thing["/Alt"] for thing in things if isinstance(thing, dict) and "/Alt" in thing]


def test_a_letter_that_cannot_be_printed_is_noted_beside_the_name_and_stops_nothing():
    entries = (an_entry(1), an_entry(2, name=f"Rex {NO_FONT_HAS_THIS}, Tia"), an_entry(3))
    (page,) = pages_of((a_sheet(entries=entries), "door"))
    assert re.search(r"Rex .*?, Tia \(some letters cannot be printed\)", page)
    assert page.count("cannot be printed") == 1
    (page,) = pages_of((a_sheet(1, room=f"Den {NO_FONT_HAS_THIS}"), "door"))
    assert "Some letters at the top of this sheet cannot be printed." in page
    assert "(some letters" not in page
    (page,) = pages_of((a_sheet(entries=(an_entry(1, medical=f"Pen {NO_FONT_HAS_THIS}"),)), "leader"))
    assert "(some letters cannot be printed)" in page


@pytest.mark.parametrize(
    "name", ['#panic("x")', "*bold*, _it_", "$x^2$", "Smith // Jones", "<label> @ref", "\\"]
)
def test_markup_in_a_name_prints_as_it_stands(name):
    (page,) = pages_of((a_sheet(entries=(an_entry(name=name, medical=name),), leader=name), "leader"))
    assert page.count(name) >= 3


def test_a_name_too_long_for_its_column_breaks_and_keeps_every_letter():
    name = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaft, Maximiliana"
    document = render_registers(
        [(a_sheet(entries=(an_entry(name=name, class_name="Kingfishersandotters"),)), "door")], AT
    )
    text = pypdf.PdfReader(io.BytesIO(document)).pages[0].extract_text()
    assert name.split(",")[0] not in text.replace("\u200b", "")
    assert name.replace(" ", "") in "".join(text.replace("\u200b", "").split())


def test_the_same_register_gives_the_same_bytes_in_another_process():
    sheets = [(a_sheet(12), "door"), (a_sheet(12), "leader")]
    here = render_registers(sheets, AT)
    render_registers([(a_sheet(3), "door")], AT)
    assert render_registers(sheets, AT) == here
    code = (
        "import hashlib, sys; from tests.registers.test_sheets import AT, a_sheet, render_registers;"
        "made = render_registers([(a_sheet(12), 'door'), (a_sheet(12), 'leader')], AT);"
        "sys.stdout.write(hashlib.sha256(made).hexdigest())"
    )
    root = Path(__file__).resolve().parents[2]
    there = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert there.stdout == hashlib.sha256(here).hexdigest()


def test_printing_no_register_at_all_is_refused():
    with pytest.raises(ValueError, match="no register"):
        render_registers([], AT)
