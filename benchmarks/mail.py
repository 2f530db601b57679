"""The one mail that everybody sends: text and HTML, 5 KB on the wire."""

from __future__ import annotations

from html import escape
from typing import Any

from tracking.mail.plain import text_from_html

SENDER = "leads@example.com"
SUBJECT = "Sold: a lead for {{ lead.last_name }}"
LEAD: dict[str, Any] = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada.lovelace@example.org",
    "phone": "+1 555 0100",
    "street": "12 St James's Square",
    "city": "London",
    "state": "LDN",
    "zip": "SW1Y 4JH",
    "vehicle": "Analytical Engine, 1843",
    "comments": "Please call me after noon; mornings are for Bernoulli numbers & tea.",
}
_ROWS = "".join(
    f"<tr><th align=left>{name.replace('_', ' ').title()}</th><td>{{{{ lead.{name} }}}}</td></tr>\n" for name in LEAD
)
_WORDS = (
    "This lead came in a moment ago and was sold to you at the price that your campaign agreed to. "
    "Its holder expects to hear from you within the hour, by telephone first and by mail if nobody answers. "
    "What you make of it is yours; what you learn of it helps us to send you better ones. "
)
BODY = f"""<!doctype html><html><body style="font-family: sans-serif">
<h1>A new lead for {{{{ product.name }}}}</h1>
<p>Hello, you have bought the lead of <b>{{{{ lead.first_name }}}} {{{{ lead.last_name }}}}</b>.</p>
<table>
{_ROWS}</table>
<h2>What now</h2>
<p>{_WORDS}</p><p>{_WORDS}</p>
<ul><li>Call back within the hour.</li><li>Note what became of it.</li><li>Return what is not real.</li></ul>
<p>{_WORDS}</p>
<p>Your account: <a href="https://leads.example.com/account">leads.example.com/account</a></p>
</body></html>
"""


def filled(text: str, *, html: bool) -> str:
    """The text as everybody else gets it: with the values put in."""
    for name, value in LEAD.items():
        text = text.replace(f"{{{{ lead.{name} }}}}", escape(value) if html else value)
    return text.replace("{{ product.name }}", "Product 1")


def plain(html: str) -> str:
    """The text beside the HTML: the product makes it anew for each mail, the others are given it."""
    return text_from_html(html)
