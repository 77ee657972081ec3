"""Who the pages of medicine, accidents and notes are for."""

from __future__ import annotations

from tests.house.audiences import Route, only

REPORT_ROUTES: dict[str, Route] = {
    **{
        f"registers.{name}": only("staff", "manager", scoped=("staff",))
        for name in (
            "child_day",
            "write_note",
            "write_accident",
            "write_near_miss",
            "incident",
            "print_incident",
            "give_medicine",
            "check_dose",
            "take_dose_back",
        )
    },
    "incidents.to_read": only("parent"),
    "incidents.read_accident": only("parent", scoped=("parent",)),
    "incidents.accident_paper": only("parent", scoped=("parent",)),
    "incidents.medicines": only("parent", scoped=("parent",)),
    "incidents.stop_childs_medicine": only("parent", scoped=("parent",)),
    "incidents.reports": only("manager"),
    "incidents.reports_csv": only("manager"),
    "incidents.doses": only("manager"),
    "incidents.doses_csv": only("manager"),
    "incidents.told_medicine": only("manager"),
    "incidents.stop_told_medicine": only("manager"),
}
