"""Fields that more than one room's forms use."""

from __future__ import annotations

from typing import Any

from wtforms import Field, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from booking.core.money import NotAnAmount, format_pence, parse_pence


class TicksField(SelectMultipleField):
    """Several choices as tick boxes in a fieldset."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class TypedField(Field):
    """A line of text that is read into a value; `read` raises `ValueError` with the sentence to show."""

    data: Any

    widget = TextInput()

    def __init__(self, label: str, *, is_optional: bool = False, missing: str = "", **options: Any) -> None:
        super().__init__(label, **options)
        self.is_optional, self.missing = is_optional, missing

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.write(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; a blank is an error unless the field is optional."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if text:
            self.data = self.read(text)
        elif not self.is_optional:
            raise ValueError(self.missing)

    def read(self, text: str) -> Any:
        """The value of a text that is not blank."""
        raise NotImplementedError

    def write(self, value: Any) -> str:
        """The value as it stands in the field."""
        return str(value)


class PenceField(TypedField):
    """An amount of money, in pence; 4.50 and £4.50 alike."""

    def read(self, text: str) -> int:
        """Pence from pounds and pence."""
        try:
            return parse_pence(text)
        except NotAnAmount as error:
            raise ValueError(str(error)) from error

    def write(self, value: int) -> str:
        """Without the sign, as the label says pounds."""
        return format_pence(value).removeprefix("£")
