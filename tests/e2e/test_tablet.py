"""The tablet at the door with the network down, the browser killed and answers lost: every mark once, and none lost."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.cable import Cable
from tests.e2e.door_looks import count_bytes, look
from tests.e2e.door_plan import FIRST
from tests.e2e.people import WIDTHS
from tests.e2e.school import LiveSchool, wait_for
from tests.e2e.tablets import Tablet

pytestmark = pytest.mark.browser

CHILDREN = 30
KILOBYTES = 120
BREATH = 700
"""A person's time between two taps, in milliseconds: what comes sooner is the second half of a double tap."""


@pytest.fixture(scope="module")
def leader(school: LiveSchool) -> dict[str, str]:
    """Who stands at the door."""
    return school.accounts("staff")[0]


@pytest.fixture(scope="module")
def doors(school: LiveSchool, leader: dict[str, str]) -> dict[str, Any]:
    """A club and care of today, one pair for each number of children."""
    found: dict[str, Any] = school.python(
        "from tests.e2e.door_plan import a_door\n"
        f"print(json.dumps({{n: a_door(n, {leader['email']!r}) for n in ({CHILDREN}, 12, 6, 5)}}))"
    )
    return found


@pytest.fixture
def cable(school: LiveSchool) -> Iterator[Cable]:
    """What ties the tablet to the school."""
    found = Cable(int(school.env["PORT"]))
    yield found
    found.close()


@pytest.fixture
def make_tablet(
    tmp_path: Path, cable: Cable, chromium: Browser, leader: dict[str, str]
) -> Iterator[Callable[[], Tablet]]:
    """Tablets that are signed in."""
    made: list[Tablet] = []

    def make() -> Tablet:
        made.append(Tablet(tmp_path / f"tablet-{len(made)}", cable.url, chromium))
        made[-1].sign_in(leader)
        return made[-1]

    yield make
    for tablet in made:
        tablet.throw_away()


def marks(school: LiveSchool, session: int) -> list[tuple[str, int]]:
    """What the server's database holds of a session, oldest first: what happened, to which child."""
    with closing(sqlite3.connect(school.instance / "booking.db")) as database:
        query = "SELECT what, pupil_id FROM mark WHERE session_id = ? ORDER BY id"
        return list(database.execute(query, (session,)))


def arrive(school: LiveSchool, session: int, *expected: str) -> None:
    """Wait until the server holds these marks of a session, oldest first, and no others."""
    found: list[str] = []

    def are_there() -> bool:
        found[:] = [what for what, _ in marks(school, session)]
        return len(found) >= len(expected)

    wait_for(are_there, what=f"{expected} at the server, which holds {found}")
    assert found == list(expected)


def test_thirty_children_marked_offline_outlive_a_killed_browser_and_arrive_once(
    school: LiveSchool,
    doors: dict[str, Any],
    cable: Cable,
    make_tablet: Callable[[], Tablet],
    leader: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    club = doors[str(CHILDREN)]["club"]
    tablet = make_tablet()
    tablet.open_door(club)
    tablet.says("Works offline too")
    cable.cut()
    started = time.monotonic()
    for number in range(CHILDREN):
        tablet.press(number, "In")
    tablet.says(f"Offline: {CHILDREN} marks not sent")
    spent = time.monotonic() - started
    tablet.kill()

    assert tablet.holds(FIRST) == []
    assert any("IndexedDB" in name for name in tablet.holds("arrived")), "the search finds nothing at all"

    tablet.start()
    tablet.open_door(club)
    tablet.says(f"Offline: {CHILDREN} marks not sent")
    assert tablet.count("in") == CHILDREN
    assert marks(school, club) == []

    cable.mend()
    # The browser was killed, and its sign-in with it: the marks wait for whoever signs in next.
    tablet.page.reload()
    assert "/login" in tablet.page.url
    tablet.sign_in(leader)
    tablet.open_door(club)
    tablet.says("All sent")
    assert tablet.count("in") == CHILDREN
    found = marks(school, club)
    assert {what for what, _ in found} == {"arrived"}
    assert Counter(pupil for _, pupil in found) == dict.fromkeys(doors[str(CHILDREN)]["pupils"], 1)
    assert tablet.kept()["outbox"] == 0
    with capsys.disabled():
        print(
            f"\n{CHILDREN} children marked offline in {spent:.1f} s, killed, started again: all there, once"
        )


def test_marks_whose_answer_was_lost_are_sent_again_and_are_there_once(
    school: LiveSchool, doors: dict[str, Any], cable: Cable, make_tablet: Callable[[], Tablet]
) -> None:
    club = doors["6"]["club"]
    tablet = make_tablet()
    tablet.page.clock.install()
    tablet.open_door(club)
    tablet.says("All sent")
    cable.lose_answers()
    for number in range(3):
        tablet.press(number, "In")
        tablet.page.clock.run_for(1000)
    tablet.says("Offline: 3 marks not sent")
    arrive(school, club, *["arrived"] * 3)
    cable.mend()
    tablet.page.clock.run_for(30_000)
    tablet.says("All sent")
    assert len(marks(school, club)) == 3

    # Another device takes over: it shows who is in, and can print it.
    other = make_tablet()
    other.open_door(club)
    expect(other.page.locator(".door-child[data-state='in']")).to_have_count(3)
    other.page.get_by_role("button", name="Who is in now").click()
    expect(other.page.get_by_role("heading", name="In now: ")).to_be_visible()
    expect(
        other.page.locator("[data-here-box] section", has_text="Chess club 6").locator("li")
    ).to_have_count(3)
    other.page.locator("[data-close]").click()
    other.press(0, "Undo")
    expect(other.row(0)).to_have_attribute("data-state", "expected")
    other.says("All sent")
    tablet.page.clock.run_for(30_000)
    expect(tablet.row(0)).to_have_attribute("data-state", "expected")
    arrive(school, club, *["arrived"] * 3, "undone")


def test_a_restriction_learnt_at_sync_raises_its_alarm_and_stops_the_next_release(
    school: LiveSchool, doors: dict[str, Any], cable: Cable, make_tablet: Callable[[], Tablet]
) -> None:
    door = doors["5"]
    tablet = make_tablet()
    tablet.open_door(door["club"])
    for number in range(2):
        tablet.press(number, "In")
    tablet.says("All sent")
    cable.cut()
    tablet.press(0, "Out")
    tablet.page.wait_for_timeout(BREATH)
    tablet.page.get_by_role("button", name="Collected").click()
    tablet.says("Offline: 1 mark not sent")
    names = ", ".join(map(str, door["pupils"][:2]))
    school.python(f"from tests.e2e.door_plan import restrict\nrestrict({names})\nprint('true')")
    cable.mend()
    tablet.page.evaluate("window.dispatchEvent(new Event('online'))")
    alarm = tablet.page.get_by_role("alertdialog")
    expect(alarm).to_contain_text(f"{FIRST}00")
    expect(alarm).to_contain_text("Ring the office now")
    tablet.says("All sent")
    for _ in range(3):
        tablet.page.keyboard.press("Escape")
        expect(alarm).to_be_visible()
    tablet.page.wait_for_timeout(BREATH)
    alarm.get_by_role("button").click()
    expect(alarm).to_contain_text(f"{FIRST}01")
    tablet.page.wait_for_timeout(BREATH)
    alarm.get_by_role("button").click()
    expect(alarm).to_be_hidden()

    expect(tablet.row(1)).to_contain_text("Check before release")
    sheet = tablet.page.get_by_role("dialog")
    for answer in ("Do not release now", "I looked"):
        tablet.page.wait_for_timeout(BREATH)
        tablet.press(1, "Out")
        expect(sheet).to_contain_text("Stop.")
        expect(sheet.get_by_role("button", name="Collected")).to_be_hidden()
        tablet.page.wait_for_timeout(BREATH)
        sheet.get_by_role("button", name=answer).click()
    assert tablet.count("in") == 1
    sheet.get_by_role("button", name="Collected").click()
    tablet.says("All sent")
    arrive(school, door["club"], "arrived", "arrived", "collected", "collected")


def test_signing_out_waits_for_the_last_mark_and_takes_the_list_away(
    school: LiveSchool, doors: dict[str, Any], cable: Cable, make_tablet: Callable[[], Tablet]
) -> None:
    care = doors["6"]["care"]
    tablet = make_tablet()
    tablet.open_door(care)
    # Who is not booked here is found among the children of the day's other sessions.
    tablet.page.get_by_label("Find").fill(f"{FIRST}00".lower())
    tablet.page.get_by_role("button", name="Take in").first.click()
    arrive(school, care, "walk_in")
    tablet.says("All sent")
    cable.cut()
    tablet.page.locator(".door-child").get_by_role("button", name="Absent").first.click()
    tablet.page.wait_for_timeout(BREATH)
    tablet.page.get_by_role("button", name="Nobody knows why").click()
    tablet.says("Offline: 1 mark not sent")
    tablet.page.get_by_role("button", name="Sign out").click()
    expect(tablet.page.get_by_role("alert")).to_contain_text("1 mark is not sent")
    assert tablet.kept() == {"outbox": 1, "keys": 1, "sealed": 1}
    cable.mend()
    tablet.page.get_by_role("button", name="Sign out").click()
    tablet.page.wait_for_url(lambda url: "/registers/" not in url)
    arrive(school, care, "walk_in", "absent")
    kept = tablet.kept()
    assert (kept["keys"], kept["sealed"]) == (0, 0)


def test_the_door_is_light_quick_and_easy_to_reach(
    school: LiveSchool,
    doors: dict[str, Any],
    make_tablet: Callable[[], Tablet],
    pictures: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tablet = make_tablet()
    sizes = count_bytes(tablet.page)
    tablet.page.goto(f"{tablet.url}/registers/door")
    tablet.says("All sent")
    total = sum(sizes.values()) / 1024
    wire = tablet.page.context.new_cdp_session(tablet.page)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    tablet.page.reload(wait_until="commit")
    usable = tablet.page.evaluate(
        """() => new Promise((yes) => {
          const look = () => document.querySelector(".door-child")
            ? requestAnimationFrame(() => yes(performance.now())) : setTimeout(look, 5);
          look();
        })"""
    )
    wire.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    with capsys.disabled():
        print(f"\nthe door: {total:.0f} KB, usable after {usable:.0f} ms at a quarter of the speed")
    assert total < KILOBYTES
    tablet.tab(doors["12"]["club"])
    tablet.press(0, "In")
    for width in WIDTHS:
        tablet.page.set_viewport_size({"width": width, "height": 800})
        look(tablet.page, pictures / f"door-{width}.png")
        for opener, box in (("Absent", "[data-ask-away]"), ("Out", "[data-ask-out]")):
            tablet.page.locator(".door-child").get_by_role("button", name=opener).first.click()
            expect(tablet.page.locator(box)).to_be_visible()
            look(tablet.page, pictures / f"door-{opener}-{width}.png")
            tablet.page.keyboard.press("Escape")
