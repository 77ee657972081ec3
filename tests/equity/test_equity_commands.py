"""The commands as they are typed: JSON on standard output, one line and exit code 1 on refusal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from booking.cli import main

CLUBS_CSV = """club,Y1,Y2,Y3,Y4,total
Chess,22,6,3,8,39
Art,15,9,7,4,35
Choir,18,2,6,10,36
Coding,31,12,9,5,57
total,86,29,25,27,167
"""


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """What `booking equity ...` prints, read as JSON; a refusal ends in SystemExit."""
    monkeypatch.setattr(sys, "argv", ["booking", "equity", *words])
    main()
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def clubs(tmp_path: Path) -> str:
    path = tmp_path / "clubs.csv"
    path.write_text(CLUBS_CSV, encoding="utf-8")
    return str(path)


def test_gap_prints_every_statistic(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run(capsys, monkeypatch, "gap", "--x1", "14", "--n1", "52", "--x2", "85", "--n2", "158", "--json")
    assert list(found) == [
        "rate1", "rate1_low", "rate1_high", "rate2", "rate2_low", "rate2_high",
        "difference", "difference_low", "difference_high", "ratio", "ratio_low", "ratio_high", "fisher_p",
    ]  # fmt: skip
    assert found["fisher_p"] == pytest.approx(0.000772, abs=5e-7)


def test_undefined_is_null(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        run(capsys, monkeypatch, "gap", "--x1", "0", "--n1", "0", "--x2", "1", "--n2", "2")["difference"]
        is None
    )


def test_fdr_keeps_the_order(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    found = run(capsys, monkeypatch, "fdr", "--p", "0.04", "--p", "0.01", "--p", "0.9")
    assert found["q"] == pytest.approx([0.06, 0.03, 0.9])


def test_mixing_reads_a_table_and_leaves_its_totals_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "mix.csv"
    path.write_text(
        "club,EAL,not,total\nCooking,9,3,12\nFootball,2,10,12\ntotal,11,13,24\n", encoding="utf-8"
    )
    found = run(
        capsys, monkeypatch, "mixing", "--table", str(path), "--draws", "100", "--seed", "4", "--json"
    )
    assert {"M", "H", "multigroup_D", "expected", "pairs"} <= set(found)
    assert {
        "of",
        "to",
        "D",
        "expected_D",
        "exposure",
        "isolation",
        "leave_one_out",
        "leave_one_out_random",
    } <= set(found["pairs"][0])
    assert [(pair["of"], pair["to"]) for pair in found["pairs"]] == [("EAL", "not"), ("not", "EAL")]
    assert set(found["expected"]) == {"D", "H", "M"}


def test_what_protect_publishes_attack_reads_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, clubs: str, tmp_path: Path
) -> None:
    cells = run(capsys, monkeypatch, "protect", "--table", clubs, "--k", "5", "--json")["cells"]
    assert list(cells[0]) == ["table", "row", "column", "value", "low", "high", "primary"]
    assert sorted(cell["row"] for cell in cells if cell["primary"]) == ["Art", "Chess", "Choir"]
    released = tmp_path / "released.csv"
    lines = ["club,Y1,Y2,Y3,Y4,total"]
    for row in ["Chess", "Art", "Choir", "Coding", "total"]:
        lines.append(",".join([row, *(str(cell["value"]) for cell in cells if cell["row"] == row)]))
    released.write_text("\n".join(lines), encoding="utf-8")
    attacked = run(capsys, monkeypatch, "attack", "--table", str(released))["cells"]
    assert [(cell["low"], cell["high"]) for cell in attacked] == [
        (cell["low"], cell["high"]) for cell in cells
    ]
    assert not any("primary" in cell for cell in attacked)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["gap", "--x1", "3", "--n1", "2", "--x2", "1", "--n2", "2"], "x1 is 3, more than n1"),
        (["fdr", "--p", "1.5"], "p number 1 is 1.5"),
        (["protect", "--table", "CLUBS", "--k", "1"], "k is 1"),
        (["protect", "--table", "nowhere.csv"], "nowhere.csv cannot be read"),
        (["mixing", "--table", "CLUBS", "--draws", "0"], "draws must be 1 or more"),
    ],
)
def test_a_refusal_is_one_line_and_exit_code_1(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    clubs: str,
    words: list[str],
    says: str,
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(capsys, monkeypatch, *[clubs if word == "CLUBS" else word for word in words])
    printed = capsys.readouterr()
    assert ended.value.code == 1
    assert printed.out == ""
    assert says in printed.err
    assert printed.err.count("\n") == 1


def test_the_room_is_read_without_scipy_or_numpy() -> None:
    code = (
        "import sys, booking.equity.commands, booking.equity.sentences, booking.equity.uptake_plot\n"
        "sys.exit(' '.join(name for name in ('scipy', 'numpy') if name in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
