"""Reading a file of pupils: headings, encodings, separators, values, and every kind of bad row named."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.people.import_headings import CONTACT_KNOWN, KNOWN, field_of
from booking.people.import_problems import ImportRefused
from booking.people.import_rows import PupilFile, PupilRow, read_pupils
from booking.people.upn import upn_check_letter

TODAY = date(2026, 11, 23)
HEADINGS = "UPN,Surname,Forename,DOB,Year,Class"
GOOD = "R201100018042,Okafor,Ada,05/10/2018,3,Oak"


def read(text: str | bytes, **options: object) -> PupilFile:
    content = text.encode() if isinstance(text, str) else text
    return read_pupils(content, "pupils.csv", today=TODAY, **options)  # type: ignore[arg-type]


def one(headings: str, cells: str) -> PupilRow:
    (row,) = read(
        f"Surname,Forename,DOB,{headings}\nOkafor,Ada,05/10/2018,{cells}\n",
    ).rows
    return row


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(ImportRefused) as refused:
        read(text)
    return str(refused.value).splitlines()


@pytest.mark.parametrize(("name", "heading"), [(name, h) for name, known in KNOWN.items() for h in known])
def test_each_heading_is_known_whatever_its_case_and_signs(name: str, heading: str) -> None:
    for written in (heading, heading.upper(), heading.title(), heading.replace(" ", "_"), f" {heading}: "):
        assert field_of(written) == name


@pytest.mark.parametrize(
    ("part", "heading"), [(part, h) for part, known in CONTACT_KNOWN.items() for h in known]
)
def test_each_heading_of_a_contact_is_known(part: str, heading: str) -> None:
    for who in ("Contact 1", "contact 1", "Parent/Carer 1", "Contact1", "Priority 1 Contact"):
        assert field_of(f"{who} {heading}") == f"contact_1_{part}"


@pytest.mark.parametrize("heading", ["House", "Bus route", "Contact 1 shoe size", "", "Contact"])
def test_a_strange_heading_is_not_guessed_at(heading: str) -> None:
    assert field_of(heading) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_encodings_that_offices_save_are_read(encoding: str, ending: str) -> None:
    text = ending.join([HEADINGS, "R201100018042,Núñez,Zoë,05/10/2018,3,Oak", ""])
    (row,) = read(text.encode(encoding)).rows
    assert (row.surname, row.forename) == ("Núñez", "Zoë")


def test_the_quotation_mark_of_windows_is_read() -> None:
    (row,) = read(f"{HEADINGS}\nR201100018042,O’Brien,Ada,05/10/2018,3,Oak".encode("cp1252")).rows
    assert row.surname == "O’Brien"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_are_found_by_the_headings(separator: str) -> None:
    text = f"{HEADINGS}\n{GOOD}".replace(",", separator)
    assert read(text).rows[0].class_name == "Oak"


def test_a_comma_inside_quotes_stays_in_its_cell() -> None:
    assert one("Class", '"Oak, upper"').class_name == "Oak, upper"


def test_title_lines_blank_lines_and_a_line_within_a_cell_do_not_shift_the_numbers() -> None:
    row = GOOD.replace("Oak", '"Oak\nroom"')
    text = f"Pupils of Brook Lane\n\n{HEADINGS}\n\n{row}\n,,,,,\n,Ali,Sam,99/10/2018,3,Oak\n"
    (line,) = problems(text)
    assert line.startswith("pupils.csv, line 8, column “DOB”, value “99/10/2018”: ")


@pytest.mark.parametrize(
    "written", ["05/10/2018", "5/10/2018", "2018-10-05", "05-10-2018", "2018-10-05 00:00:00"]
)
def test_dates_are_read_day_first_or_iso(written: str) -> None:
    (row,) = read(f"{HEADINGS}\nR201100018042,Okafor,Ada,{written},3,Oak").rows
    assert row.date_of_birth == date(2018, 10, 5)


@pytest.mark.parametrize(
    ("written", "year"),
    [
        ("Reception", "R"), ("YR", "R"), ("Year R", "R"), ("0", "R"), ("Y3", "3"), ("Year 3", "3"), ("03", "3"),
        ("yr 6", "6"), ("N1", "N1"), ("Nursery 2", "N2"), ("n2", "N2"),
    ],
)  # fmt: skip
def test_year_groups_are_read(written: str, year: str) -> None:
    assert one("NC Year", written).year_group == year


@pytest.mark.parametrize(
    ("heading", "written", "kind", "value"),
    [
        ("Sex", "Female", "sex", "F"), ("Gender", "m", "sex", "M"),
        ("Ethnicity", "WBRI", "ethnicity", "WBRI"), ("Ethnicity", "White - British", "ethnicity", "WBRI"),
        ("Ethnic group", "Black Caribbean", "ethnicity", "BCRB"), ("Ethnicity Code", "bsom", "ethnicity", "BSOM"),
        ("First Language", "ENG", "language", "ENG"), ("Home language", "Urdu", "language", "URD"),
        ("SEN Status", "K - SEN support", "sen", "K"), ("SEN", "S", "sen", "E"), ("SEN provision", "P", "sen", "K"),
        ("SEN", "No Special Educational Need", "sen", "N"),
        ("FSM", "Y", "fsm", "yes"), ("FSM category", "TFSM", "fsm", "targeted"), ("FSM", "No", "fsm", ""),
        ("Pupil Premium", "TRUE", "pupil_premium", "yes"), ("PP", "0", "pupil_premium", ""),
        ("Ever 6 FSM", "T", "fsm6", "yes"), ("In care", "F", "looked_after", ""),
    ],
)  # fmt: skip
def test_group_facts_are_read(heading: str, written: str, kind: str, value: str) -> None:
    assert dict(one(heading, written).facts) == {kind: value}


def test_a_blank_says_nothing_and_is_not_a_no() -> None:
    row = one("FSM,SEN,Contact 1 Name,Contact 1 Parental Responsibility", ",,Jo Okafor,")
    assert dict(row.facts) == {}
    assert row.contacts[0].parental_responsibility == "not_known"


def test_a_contact_is_put_together_from_its_parts() -> None:
    row = one(
        "Contact 2 Forename,Contact 2 Surname,Contact 2 Relationship,Contact 2 Mobile,Contact 2 Email,Contact 2 PR",
        "Jo,Okafor,Mother,07700 900123,Jo@Families.Example,Yes",
    )
    (contact,) = row.contacts
    assert (contact.priority, contact.name, contact.relationship_name) == (2, "Jo Okafor", "Mother")
    assert (contact.phone, contact.email) == ("07700 900123", "jo@families.example")
    assert contact.parental_responsibility == "yes"


def test_of_two_headings_for_one_field_the_legal_one_is_read_and_the_other_is_named() -> None:
    file = read("Surname,Legal Surname,Forename,DOB\nBlue,Okafor,Ada,05/10/2018")
    assert file.rows[0].surname == "Okafor"
    assert file.unread == ("Surname",)


def test_a_mapping_goes_before_what_is_recognised() -> None:
    text = "House,Surname,Forename,DOB,Class\nRed,Okafor,Ada,05/10/2018,Oak"
    assert read(text, mapping={"class_name": "House"}).rows[0].class_name == "Red"
    with pytest.raises(ImportRefused, match="no such heading"):
        read(text, mapping={"class_name": "Team"})
    with pytest.raises(ImportRefused, match="no such field"):
        read(text, mapping={"colour": "House"})


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("A801200005001,Okafor,Ada,05/10/2018,3,Oak", "UPN", "A801200005001", "it would be B"),
        ("H201,Okafor,Ada,05/10/2018,3,Oak", "UPN", "H201", "13 characters"),
        (",Okafor,Ada,31/02/2019,3,Oak", "DOB", "31/02/2019", "no date that exists"),
        (",Okafor,Ada,05/10/18,3,Oak", "DOB", "05/10/18", "no date that exists"),
        (",Okafor,Ada,24/11/2026,3,Oak", "DOB", "24/11/2026", "cannot lie ahead"),
        (",Okafor,Ada,05/10/1978,3,Oak", "DOB", "05/10/1978", "too long ago"),
        (",Okafor,Ada,05/10/2018,7,Oak", "Year", "7", "no year group here"),
        (",,Ada,05/10/2018,3,Oak", "Surname", "", "empty"),
        (",Okafor,,05/10/2018,3,Oak", "Forename", "", "empty"),
        (",Okafor,Ada,,3,Oak", "DOB", "", "empty"),
        (",Oka\u202efor,Ada,05/10/2018,3,Oak", "Surname", "Oka\\u202efor", "U+202E"),
        (",Oka\x00for,Ada,05/10/2018,3,Oak", "Surname", "Oka\\u0000for", "U+0000"),
        (f",{'O' * 81},Ada,05/10/2018,3,Oak", "Surname", f"{'O' * 59}…", "longer than 80"),
        (",1234,Ada,05/10/2018,3,Oak", "Surname", "1234", "at least one letter"),
    ],
)  # fmt: skip
def test_a_bad_row_names_file_line_column_value_and_reason(
    row: str, column: str, value: str, reason: str
) -> None:
    (line,) = problems(f"{HEADINGS}\n{GOOD}\n{row}\n")
    shown = f", value “{value}”" if value else ""
    assert line.startswith(f"pupils.csv, line 3, column “{column}”{shown}: ")
    assert reason in line


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        ("Sex", "X"), ("Ethnicity", "Martian"), ("Ethnicity", "White - African"), ("First language", "Klingonish"),
        ("SEN", "Z"), ("FSM", "perhaps"), ("Contact 1 Email", "no address"), ("Contact 1 Email", "a@b.uk;c@d.uk"),
        ("Contact 1 Phone", "ask gran"), ("Admission date", "soon"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_understood_is_never_dropped(heading: str, value: str) -> None:
    (line,) = problems(f"Surname,Forename,DOB,Contact 1 Name,{heading}\nOkafor,Ada,05/10/2018,Jo,{value}\n")
    assert f"line 2, column “{heading}”, value “{value}”: " in line


def test_all_problems_are_told_at_once_in_the_order_of_the_lines() -> None:
    found = problems(f"{HEADINGS}\n,,Ada,05/10/2018,3,Oak\n,Okafor,Ada,soon,9,Oak\n")
    assert [line.split(":")[0].split(", value")[0] for line in found] == [
        "pupils.csv, line 2, column “Surname”",
        "pupils.csv, line 3, column “DOB”",
        "pupils.csv, line 3, column “Year”",
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",Okafor,Ada,05/10/2018,3,Oak,Elm", "more cells than the 6 headings"),
        (",Okafor,Ada,05/10/2018", "This row has 4 cells"),
    ],
)
def test_a_ragged_row_is_named(row: str, reason: str) -> None:
    (line,) = problems(f"{HEADINGS}\n{row}\n")
    assert line.startswith("pupils.csv, line 2")
    assert reason in line


def test_the_same_child_on_two_lines_is_named_and_twins_are_not() -> None:
    twins = "R201100018042,Okafor,Ada,05/10/2018,3,Oak\n,Okafor,Ben,05/10/2018,3,Oak"
    assert len(read(f"{HEADINGS}\n{twins}").rows) == 2
    (line,) = problems(f"{HEADINGS}\n{twins}\nR201100018042,Ali,Sam,05/10/2018,3,Oak")
    assert line == "pupils.csv, line 4, column “UPN”, value “R201100018042”: This UPN stands on line 2 too."
    (line,) = problems(f"{HEADINGS}\n{twins}\n,OKAFOR,ben,05/10/2018,3,Oak")
    assert "line 4, column “Surname”, value “OKAFOR”: A child of this name" in line


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel workbook"),
        (b"%PDF-1.7", "PDF"),
        (b'<?xml version="1.0"?><CTfile/>', "This is XML, not a table"),
        (b"", "empty"),
        (b"\x00\x00", "empty"),
        (b"colour,shape\nred,round", "No headings that we know"),
        (b"Surname,Forename\nOkafor,Ada", "column “DOB”: This column is missing"),
        (b"Surname,Forename,DOB\n", "no pupil under them"),
        (b"Surname,Forename,DOB\n\x81,Ada,05/10/2018", "not text in UTF-8 or Windows-1252"),
        (b'Surname,Forename,DOB\n"Okafor,Ada,05/10/2018', "quotation marks do not pair up"),
        (b"Surname,Surname,Forename,DOB\nA,B,C,05/10/2018", "stands here twice"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_words(content: bytes, reason: str) -> None:
    assert reason in "\n".join(problems(content))


names = st.text(
    st.characters(categories=["Lu", "Ll", "Lo"], include_characters=" '-,;\""), min_size=1, max_size=40
).filter(lambda text: any(sign.isalpha() for sign in text))
numbers = st.integers(0, 10**12 - 1).map(lambda n: f"{n:012d}")


@given(
    st.lists(
        st.tuples(numbers, names, names, st.dates(date(2014, 1, 1), date(2023, 8, 31))),
        min_size=1,
        max_size=8,
        unique_by=lambda row: row[0],
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_by_a_school_is_read_back(
    rows: list[tuple[str, str, str, date]], separator: str, encoding: str
) -> None:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    lines = [["UPN", "Surname", "Forename", "DOB"]]
    for number, surname, forename, born in rows:
        lines.append([upn_check_letter(number) + number, surname, forename, f"{born:%d/%m/%Y}"])
    text = "\r\n".join(separator.join(cell(value) for value in line) for line in lines)
    found = read(text.encode(encoding)).rows
    assert [(row.upn, row.date_of_birth) for row in found] == [
        (upn_check_letter(number) + number, born) for number, _, _, born in rows
    ]
    assert [row.line for row in found] == list(range(2, len(rows) + 2))
