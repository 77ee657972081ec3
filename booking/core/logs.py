"""One line of JSON for each thing worth noting, on standard error; never the values of local variables."""

from __future__ import annotations

import logging
import sys

import structlog


def set_up_logs() -> None:
    """Write events as JSON lines; a traceback names files and lines, and no data of any person."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
