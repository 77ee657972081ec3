"""Who each page of a register is for; the rest of the table is in `routes`."""

from __future__ import annotations

from tests.house.audiences import Route, only

DOOR_ROUTES: dict[str, Route] = {
    "registers.session": only("staff", "manager", scoped=("staff",)),
    "registers.mark": only("staff", "manager", scoped=("staff",)),
    "registers.add_walk_in": only("staff", "manager", scoped=("staff",)),
    "registers.child": only("staff", "manager", scoped=("staff",)),
    "registers.password": only("staff", "manager", scoped=("staff",)),
    "registers.walk_ins": only("manager"),
}
