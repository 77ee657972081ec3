"""Who each route about registers is for, stated apart from the code."""

from __future__ import annotations

from tests.house.audiences import Route, anyone, only

REGISTER_ROUTES: dict[str, Route] = {
    "registers.day_disagreements": only("staff", "manager"),
    "registers.decide_disagreement": only("staff", "manager"),
    "registers.paper": only("staff", "manager", scoped=("staff",)),
    "attendance.hours": only("manager"),
    "attendance.hours_csv": only("manager"),
    "attendance.register_day": only("manager"),
    "attendance.close_register_day": only("manager"),
    "attendance.register_child": only("manager"),
    "attendance.mark_corrections": only("manager"),
    "attendance.decide_mark_correction": only("manager"),
    "registers.door": only("staff", "manager"),
    "registers.door_shell": anyone(),
    "registers.service_worker": anyone(),
    "registers.sync_marks": only("staff", "manager", is_json=True),
    "registers.door_data": only("staff", "manager", is_json=True),
}
