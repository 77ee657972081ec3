"""Files that a page gives to be kept: a name, a kind, and nothing that a browser would open in the page."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response


def pdf_response(content: bytes, name: str) -> Response:
    """A PDF under this name (without its ending)."""
    return _file(content, "application/pdf", f"{name}.pdf")


def csv_response(content: bytes | Iterable[bytes], name: str) -> Response:
    """A CSV file under this name (without its ending), whole or piece by piece."""
    return _file(content, "text/csv", f"{name}.csv")


def _file(content: bytes | Iterable[bytes], kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype=kind, headers=headers)
