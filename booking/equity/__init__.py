"""Uptake by group, protected so that no child can be worked out."""
