"""Small pages for a telephone or a touch screen, each one file that needs nothing from elsewhere:
one style and one helper for all of them, and the policy that lets nothing else run.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

import msgspec

SHARED, STYLE, OWN = "/*shared*/", "/*style*/", "/*own*/"


class PhonePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it is sent, and its headers."""

    content: bytes
    headers: dict[str, str]


def build_page(package: str, name: str, own: str = "") -> PhonePage:
    """The page `name` beside a package, its style and helper put in, and a script of its own; with
    one it may also have a worker, which keeps the page for when there is no network.
    """
    ours = resources.files("twinward.core.pages")
    text = (resources.files(package) / name).read_text("utf-8")
    text = text.replace(STYLE, (ours / "phone.css").read_text("utf-8"))
    text = text.replace(SHARED, (ours / "phone.js").read_text("utf-8"))
    if own:
        text = text.replace(OWN, (resources.files(package) / own).read_text("utf-8"))
    script = text.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'none'" + ("; worker-src 'self'" if own else "")
    )
    headers = {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return PhonePage(content=text.encode(), headers=headers)
