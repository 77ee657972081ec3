"""The plot carries its words, its shapes and nothing that the page's policy refuses."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from booking.equity.dot_plot import PlotRow, PlotWords, dot_plot

SVG = "{http://www.w3.org/2000/svg}"
ROWS = [PlotRow("Pupil premium", 27, 17, 40, 54), PlotRow("Other <ethnic> & group", None), PlotRow("EAL", 46)]


@pytest.mark.parametrize("wide", [False, True])
def test_a_plot_is_one_image_with_a_title_and_every_figure_in_words(wide: bool) -> None:
    root = ElementTree.fromstring(dot_plot(ROWS, PlotWords("Who took part"), "uptake", wide=wide))
    assert root.get("role") == "img"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert title.text == "Who took part"
    assert desc.text == (
        "Pupil premium: 27%, likely between 17% and 40%; other pupils 54%. "
        "Other <ethnic> & group: withheld. EAL: 46%."
    )


@pytest.mark.parametrize("wide", [False, True])
def test_a_withheld_row_has_its_word_and_no_mark(wide: bool) -> None:
    root = ElementTree.fromstring(dot_plot([PlotRow("Other", None)], PlotWords("Who"), "a", wide=wide))
    drawn = [item.get("class") for item in root.iter() if item.get("class", "").startswith("dot-plot-")]
    assert drawn.count("dot-plot-dot") == 1, "the key alone"
    assert "dot-plot-interval" not in drawn
    assert "withheld" in [item.text for item in root.iter(f"{SVG}text")]


def test_the_same_share_stands_at_the_same_place_whatever_else_is_drawn() -> None:
    root = ElementTree.fromstring(dot_plot([PlotRow("A", 0, 0, 10, 100)], PlotWords("Who"), "a"))
    dot = list(root.iter(f"{SVG}circle"))[-1]
    line = next(item for item in root.iter(f"{SVG}line") if item.get("class") == "dot-plot-interval")
    assert dot.get("cx") == line.get("x1") == "14.0"
    assert line.get("x2") == "47.2"


def test_a_plot_has_no_style_no_script_and_no_colour_of_its_own() -> None:
    svg = dot_plot(ROWS, PlotWords("Who took part"), "uptake")
    assert "style" not in svg
    assert "script" not in svg
    assert "#" not in svg
    assert "<ethnic>" not in svg
