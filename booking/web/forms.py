"""The base of every form: trims what was typed, and shows errors as sentences that link to their field."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field


def trimmed(value: Any) -> Any:
    """Take blanks off both ends of a text, so that a space after a postcode never blocks anybody."""
    return value.strip() if isinstance(value, str) else value


class BaseForm(FlaskForm):
    """A form with CSRF protection whose text fields are trimmed (passwords are left as typed)."""

    class Meta(FlaskForm.Meta):
        """How fields are made: every text field gets the trimming filter."""

        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Field:
            """Bind a field, adding the filter where the field takes one."""
            filters = list(unbound_field.kwargs.get("filters", ()))
            if unbound_field.field_class.__name__ != "PasswordField" and trimmed not in filters:
                filters.append(trimmed)
            try:
                return unbound_field.bind(form=form, filters=filters, **options)
            except TypeError:
                return unbound_field.bind(form=form, **options)

    @property
    def error_list(self) -> list[tuple[str, str]]:
        """Each error as (id of its field, sentence), in the order of the fields."""
        return [
            (field.id, str(message))
            for field in self
            for message in field.errors
            if not isinstance(message, dict)
        ]
