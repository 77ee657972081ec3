"""Who the routes of paper are for: sheets, files and letters to print, printers, and buses."""

from __future__ import annotations

from tests.house.audiences import Route, only

PAPER_ROUTES: dict[str, Route] = {
    "office.failed_letters": only("manager"),
    "joining.print_letters": only("manager"),
    "privacy.sharing_file": only("manager"),
    "privacy.processing_record": only("manager"),
    "registers.print_day": only("staff", "manager"),
    "registers.print_session": only("staff", "manager", scoped=("staff",)),
    "registers.paper": only("staff", "manager"),
    "paper.sent": only("manager"),
    "paper.sent_on": only("manager"),
    "paper.hours": only("manager"),
    "paper.send": only("manager"),
    "paper.sent_again": only("manager"),
    "paper.new_printer": only("manager"),
    "paper.printer_ended": only("manager"),
    "paper.test_page": only("manager"),
    "paper.buses": only("manager"),
    "paper.bus": only("manager"),
    "paper.bus_ended": only("manager"),
    "paper.got_off": only("manager"),
}
