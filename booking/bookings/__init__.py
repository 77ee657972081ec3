"""Baskets, holds, places, waiting lists and cancellation."""
