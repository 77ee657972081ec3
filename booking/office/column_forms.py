"""The form that asks which column of a file is which, for pupils and for bank statements alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wtforms import SelectField
from wtforms.validators import InputRequired, Optional

from booking.web.forms import BaseForm


class ColumnsForm(BaseForm):
    """Which column is which; a select for each thing that can be read, by its name in `words`."""

    words: Mapping[str, str] = {}

    def mapping(self) -> dict[str, str]:
        """The heading of each thing that has one."""
        return {name: self[name].data for name in self.words if self[name].data}

    def validate(self, extra_validators: Any = None) -> bool:
        """One column cannot be two things."""
        is_good: bool = super().validate(extra_validators)
        taken: dict[str, str] = {}
        for name, heading in self.mapping().items():
            if heading in taken:
                words = self.words[taken[heading]]
                self[name].errors = [f"The column “{heading}” is chosen already: {words}."]
                is_good = False
            taken.setdefault(heading, name)
        return is_good


def columns_form(
    kind: type[ColumnsForm], headings: Sequence[str], known: Mapping[str, str], required: Mapping[str, str]
) -> ColumnsForm:
    """A form of a kind with a select for each of its words, filled with what is recognised.

    `required` says, by name, what is told where nothing was chosen.
    """
    choices = [("", "No column"), *((heading, heading) for heading in headings)]
    fields = {
        name: SelectField(
            words,
            [InputRequired(required[name])] if name in required else [Optional()],
            choices=choices,
            default=known.get(name, ""),
        )
        for name, words in kind.words.items()
    }
    return type("TheseColumnsForm", (kind,), fields)()
