"""Who each route about custody and the live views is for; the rest of the table is in `routes`."""

from __future__ import annotations

from tests.house.audiences import Route, only

CUSTODY_ROUTES: dict[str, Route] = {
    "custody.live": only("staff", "manager"),
    "custody.live_figures": only("staff", "manager"),
    "custody.roll_call": only("staff", "manager"),
    "custody.whereabouts": only("manager"),
    "custody.child": only("staff", "manager", scoped=("staff",)),
    "custody.log_child_call": only("staff", "manager", scoped=("staff",)),
    "custody.do_child_step": only("staff", "manager", scoped=("staff",)),
    "custody.settle_child": only("staff", "manager", scoped=("staff",)),
    "custody.handover": only("staff", "manager", scoped=("staff",)),
    "custody_rules.steps": only("manager"),
    "custody.pass_on": only("staff", "manager", scoped=("staff",)),
}
