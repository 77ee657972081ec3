"""Fields that more than one room's forms use."""

from __future__ import annotations

from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget


class TicksField(SelectMultipleField):
    """Several choices as tick boxes in a fieldset."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
