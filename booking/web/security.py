"""The headers that every answer carries: a content policy with a nonce, no framing, no sniffing, no caching."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, request

from booking.core.settings import Settings


def protect(app: Flask, settings: Settings) -> None:
    """Set the headers on every answer, errors and downloads included."""

    @app.before_request
    def make_nonce() -> None:
        g.csp_nonce = secrets.token_urlsafe(16)

    @app.after_request
    def set_headers(response: Response) -> Response:
        nonce = getattr(g, "csp_nonce", "")
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; "
            "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
            f"form-action 'self'{_card_page(settings)}; base-uri 'none'; frame-ancestors 'none'; "
            "object-src 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        if settings.is_https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if not (request.endpoint or "").endswith("static"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _card_page(settings: Settings) -> str:
    """Where a form may lead: browsers hold `form-action` against redirects, and paying redirects to Stripe."""
    if settings.stripe_api_base:
        return f" {settings.stripe_api_base.rstrip('/')}"
    return " https://checkout.stripe.com"
