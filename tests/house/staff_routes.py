"""Who each route about staff, rotas and outside firms is for; the rest of the table is in `routes`."""

from __future__ import annotations

from tests.house.audiences import Route, only

STAFF_ROUTES: dict[str, Route] = {
    "registers.staff_today": only("staff", "manager"),
    "registers.staff_mark": only("staff", "manager"),
    "registers.provider": only("staff"),
    "registers.takings": only("staff"),
    "registers.provider_session": only("staff"),
    "registers.provider_mark": only("staff"),
    "registers.provider_call_off": only("staff"),
    "staffing.staff": only("manager"),
    "staffing.add_staff": only("manager"),
    "staffing.staff_record": only("manager"),
    "staffing.add_certificate": only("manager"),
    "staffing.remove_certificate": only("manager"),
    "staffing.rota_week": only("manager"),
    "staffing.run_rota": only("manager"),
    "staffing.end_rota_line": only("manager"),
    "staffing.session_rota": only("manager"),
    "staffing.change_session_rota": only("manager"),
    "staffing.staffing_rule": only("manager"),
    "staffing.seller_documents": only("manager"),
    "staffing.take_paper_back": only("manager"),
}
