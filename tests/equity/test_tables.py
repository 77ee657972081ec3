"""A table file is read whole, or refused in one sentence that says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from booking.equity.tables import TableError, read_table, read_tables, without_totals


def written(folder: Path, text: str | bytes, name: str = "clubs.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_table_is_read_with_its_names_and_totals(tmp_path: Path) -> None:
    table = read_table(
        written(tmp_path, "﻿club, Y1 ,Y2,Total\r\n\r\nChess,1,2,3\r\nArt,4,5,9\r\nTOTAL,5,7,12\r\n")
    )
    assert table.name == "clubs.csv"
    assert table.rows == ("Chess", "Art", "total")
    assert table.columns == ("Y1", "Y2", "total")
    assert table.counts == ((1, 2, 3), (4, 5, 9), (5, 7, 12))
    assert without_totals(table).counts == ((1, 2), (4, 5))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "clubs.csv is empty"),
        ("club,Y1\n", "header and no rows"),
        ("club\nChess\n", "line 1: the header names no column"),
        ("club,Y1,Y1\nChess,1,2\n", 'line 1: the column "Y1" is there twice'),
        ("club,Y1,\nChess,1,2\n", "line 1: a column has no name"),
        ("club,Y1\nChess,1\nChess,2\n", 'the row "Chess" is there twice'),
        ("club,Y1\n ,1\n", "a row has no name"),
        ("club,Y1,Y2\nChess,1\n", "line 2: 2 cells, but the header has 3"),
        ("club,Y1\nChess,-2\n", 'line 2, column "Y1": "-2" is not a whole number of 0 or more'),
        ("club,Y1\nChess,2.5\n", 'line 2, column "Y1": "2.5"'),
        ("club,Y1\nChess,c\n", 'line 2, column "Y1": "c"'),
        ("club,Y1\nChess,\n", 'line 2, column "Y1": ""'),
        ("club,Y1\nChess,²\n", 'line 2, column "Y1": "²"'),
        ("club,Y1\nChess,99999999999999999999\n", "is over 10000000"),
        ("club,total,Y1\nChess,1,1\n", 'the column "total" must be the last column'),
        ("club,Y1,Y2,total\nChess,1,2,4\n", 'row "Chess": the counts add up to 3, but the total says 4'),
        ("club,Y1\nChess,1\nArt,2\ntotal,4\n", 'column "Y1": the counts add up to 3, but the total says 4'),
        ('club,Y1\n"Chess,1\n', "is not a CSV file"),
        (b"club,Y1\nCaf\xe9,1\n", "is not UTF-8"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(TableError) as refused:
        read_table(written(tmp_path, text))
    assert says in str(refused.value)
    assert "clubs.csv" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_published_table_may_withhold_but_not_contradict_itself(tmp_path: Path) -> None:
    good = written(tmp_path, "club,Y1,Y2,total\nChess,c,2,5\nArt,C,[c],c\ntotal,9,c,12\n")
    assert read_table(good, may_withhold=True).counts == ((None, 2, 5), (None, None, None), (9, None, 12))
    bad = written(tmp_path, "club,Y1,Y2,total\nChess,c,7,5\n", "bad.csv")
    with pytest.raises(
        TableError, match=r'bad.csv, row "Chess": the shown counts come to 7, over the total 5'
    ):
        read_table(bad, may_withhold=True)


def test_tables_of_one_name_are_told_apart_by_their_path(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    here = written(tmp_path, "club,Y1\nChess,1\n")
    before = written(tmp_path / "before", "club,Y1\nChess,1\n")
    assert [table.name for table in read_tables([here, before])] == [str(here), str(before)]
    with pytest.raises(TableError, match="twice"):
        read_tables([here, here])


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"nothing.csv cannot be read: No such file or directory\."):
        read_table(tmp_path / "nothing.csv")
