"""Who each route about registers is for, stated apart from the code."""

from __future__ import annotations

from tests.house.audiences import Route, anyone, only

REGISTER_ROUTES: dict[str, Route] = {
    "registers.today": only("staff", "manager"),
    "registers.day": only("staff", "manager"),
    "registers.session": only("staff", "manager", scoped=("staff",)),
    "registers.mark": only("staff", "manager", scoped=("staff",)),
    "registers.add_walk_in": only("staff", "manager", scoped=("staff",)),
    "registers.child": only("staff", "manager", scoped=("staff",)),
    "registers.password": only("staff", "manager", scoped=("staff",)),
    "registers.walk_ins": only("manager"),
    "registers.provider": only("staff"),
    "registers.takings": only("staff"),
    "office.in_school_today": only("manager"),
    "office.in_school": only("manager"),
    "office.nobody_away": only("manager"),
    "office.add_day_note": only("manager"),
    "office.enter_absences": only("manager"),
    "office.absences_preview": only("manager"),
    "office.absences_columns": only("manager"),
    "office.forget_absences": only("manager"),
    "office.undo_absences": only("manager"),
    "office.end_day_note": only("manager"),
    "office.clear_collector": only("manager"),
    "registers.day_disagreements": only("staff", "manager"),
    "registers.decide_disagreement": only("staff", "manager"),
    "registers.type_in_paper": only("staff", "manager", scoped=("staff",)),
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
