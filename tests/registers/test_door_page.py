"""The pages of the door hold no child and, without the network, nobody at all; its worker knows every part of them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from flask import Flask

from booking.registers.door_views import PARTS, WORKER, _version
from tests.browser import Browser, Page, forget
from tests.builders import a_family, a_place, a_school, a_session, a_user

ROOT = Path(__file__).resolve().parents[2]
IMPORT = re.compile(r'from "(\./[^"]+)"')


@pytest.fixture
def staff(app: Flask) -> Browser:
    """A member of the office at the door."""
    a_school()
    return Browser(app).sign_in(a_user("manager", name="Orla Officer"))


def loaded(page: Page) -> set[str]:
    """Everything of ours that a page loads, with what its scripts import."""
    found = {str(one.get("href")) for one in page.all(".//link")} | {
        str(one.get("src")) for one in page.all(".//script")
    }
    todo = [name for name in found if name.endswith(".js")]
    while todo:
        name = todo.pop()
        text = (ROOT / name.lstrip("/")).read_text(encoding="utf-8")
        fresh = {str((Path(name).parent / path).as_posix()) for path in IMPORT.findall(text)} - found
        found |= fresh
        todo += fresh
    return found


def worker(browser: Browser) -> dict[str, object]:
    """The facts that the server puts before the worker's script."""
    forget()
    response = browser.client.get("/registers/sw.js")
    assert response.mimetype == "text/javascript"
    facts = re.findall(r'^const ([A-Z]+) = (["\[].+);$', response.text, re.M)
    return {name: json.loads(value) for name, value in facts}


def test_no_child_stands_in_the_page_of_the_door(staff: Browser) -> None:
    family, session = a_family(surname="Quill"), a_session()
    a_place(family, session)
    page = staff.get("registers.door")
    assert "Quill" not in page.html
    assert family.pupils[0].first_name not in page.html
    assert page.all(".//*[@data-token]")


def test_the_page_for_the_time_without_a_network_is_nobodys(app: Flask, staff: Browser) -> None:
    stranger = Browser(app).get("registers.door_shell")
    assert not stranger.all(".//*[@data-token]")
    assert "csrf" not in stranger.html
    assert "Orla" not in staff.get("registers.door_shell").html


def test_the_worker_keeps_every_part_that_either_page_loads(app: Flask, staff: Browser) -> None:
    kept = worker(staff)["ASSETS"]
    for page in (staff.get("registers.door"), Browser(app).get("registers.door_shell")):
        wanted = {name.split("?")[0] for name in loaded(page)}
        assert wanted <= set(kept), wanted - set(kept)  # type: ignore[call-overload]
    for name in kept:  # type: ignore[attr-defined]
        with staff.client.get(name) as answer:
            assert answer.status_code == 200


def test_the_worker_stands_where_it_may_look_after_the_registers_alone(staff: Browser) -> None:
    facts = worker(staff)
    assert facts["SCOPE"] == "/registers/"
    assert facts["PAGE"] == "/registers/door"
    response = staff.client.get("/registers/sw.js")
    assert "Service-Worker-Allowed" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", [*PARTS, WORKER])
def test_a_changed_part_makes_another_worker(tmp_path: Path, name: str) -> None:
    static, templates = tmp_path / "static", ROOT / "templates"
    shutil.copytree(ROOT / "static", static)
    _version.cache_clear()
    before = _version(str(static), str(templates))
    with (static / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    _version.cache_clear()
    assert _version(str(static), str(templates)) != before


def test_without_javascript_the_door_leads_to_the_registers(staff: Browser) -> None:
    page = staff.get("registers.door")
    links = [a.get("href") for part in page.all(".//noscript") for a in part.iter("a")]
    assert links == ["/registers/"]
