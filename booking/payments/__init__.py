"""Stripe, credit, the office's till, and refunds."""
