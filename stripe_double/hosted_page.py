"""The page on which a card would be asked for: clearly marked as test money, with two buttons and no card field."""

from __future__ import annotations

from html import escape

from stripe_double.store import Thing

STYLE = """
:root{color-scheme:light dark}
body{margin:0;font:1.125rem/1.5 system-ui,sans-serif;background:#f3f1fa;color:#1d1a33}
main{max-width:32rem;margin:0 auto;padding:2rem 1rem}
h1{font-size:1.6rem;line-height:1.2}
.test{border:3px dashed #7a2e00;color:#5c2300;background:#fff4e6;padding:.75rem 1rem;font-weight:700}
table{width:100%;border-collapse:collapse;margin:1rem 0}
td,th{text-align:start;padding:.5rem 0;border-bottom:1px solid #b9b4d0}
td:last-child{text-align:end;white-space:nowrap}
.sum{font-size:2rem;font-weight:700;margin:.5rem 0}
button{font:inherit;font-weight:700;min-height:3rem;width:100%;margin-top:.75rem}
button{border-radius:.5rem;border:2px solid #3a2f8f;cursor:pointer}
.pay{background:#3a2f8f;color:#fff}.cancel{background:#fff;color:#3a2f8f}
button:focus-visible{outline:4px solid #c65a00;outline-offset:2px}
"""


def pounds(pence: int) -> str:
    """Pence as pounds."""
    return f"£{pence // 100:,}.{pence % 100:02d}"


def pay_page(session: Thing, cards: int = 0) -> str:
    """The open page of a session; for somebody who is known, with the cards they had kept, or a box to keep this one."""
    lines = "".join(
        f"<tr><th scope='row'>{escape(line['description'])}</th><td>{pounds(line['amount_total'])}</td></tr>"
        for line in session["line_items"]["data"]
    )
    body = (
        "<p class='test'>TEST MONEY – no real card is charged. This page stands in for Stripe’s.</p>"
        f"<p class='sum'>{pounds(session['amount_total'])}</p>"
        f"<table><caption>What you pay for</caption><tbody>{lines}</tbody></table>"
        f"<form method='post'>{_card(session, cards)}"
        f"<button class='pay' name='action' value='pay'>Pay {pounds(session['amount_total'])}</button>"
        "<button class='cancel' name='action' value='cancel'>Cancel</button></form>"
    )
    return _page("Pay by card (test)", body)


def _card(session: Thing, cards: int) -> str:
    if cards:
        return "<p>Your kept card: Visa ending 4242</p>"
    options = session["saved_payment_method_options"] or {}
    if not session["customer"] or options.get("payment_method_save") != "enabled":
        return ""
    return "<p><label><input type='checkbox' name='keep'> Keep my card for the next time</label></p>"


def over_page(session: Thing) -> str:
    """The page of a session that is over."""
    is_paid = session["status"] == "complete"
    words = "It has been paid." if is_paid else "It has ended. Nothing was charged."
    return _page("This payment page is closed", f"<p>{words} Go back to the school’s site.</p>")


def _page(title: str, body: str) -> str:
    return (
        f"<!doctype html><html lang='en-GB'><head><meta charset='utf-8'><title>{title}</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<link rel='stylesheet' href='/c/style.css'></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    )
