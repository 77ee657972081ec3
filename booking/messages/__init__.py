"""Renders and sends what the outbox holds, with calendar files."""
