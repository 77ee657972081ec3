"""Stripe's errors: an HTTP status and a JSON body that the library turns into its own exceptions."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """A refusal in Stripe's shape."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type_: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "error": {"type": type_, "message": message, "code": code, "param": param}
        }


def missing(kind: str, thing_id: str) -> StripeError:
    """There is no such object."""
    return StripeError(404, f"No such {kind}: '{thing_id}'", code="resource_missing", param="id")
