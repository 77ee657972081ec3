"""Calendar files (RFC 5545): one event for each booked session, with a first letter in place of a child's name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from icalendar import Calendar, Event


@dataclass(frozen=True)
class CalendarEvent:
    """One booked session; `uid` stays the same for ever, so that a later file updates the event."""

    uid: str
    title: str
    starts_at: datetime
    ends_at: datetime
    place: str
    is_cancelled: bool = False


def calendar_file(events: Sequence[CalendarEvent], *, name: str, at: datetime) -> bytes:
    """The events as one .ics file; instants are UTC, so no time zone can be read wrongly."""
    calendar = Calendar()
    calendar.add("prodid", "-//Eight till Six//booking//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    for one in events:
        event = Event()
        event.add("uid", one.uid)
        event.add("dtstamp", at)
        event.add("dtstart", one.starts_at)
        event.add("dtend", one.ends_at)
        event.add("summary", one.title)
        event.add("location", one.place)
        event.add("status", "CANCELLED" if one.is_cancelled else "CONFIRMED")
        event.add("sequence", 1 if one.is_cancelled else 0)
        calendar.add_component(event)
    return calendar.to_ical()
