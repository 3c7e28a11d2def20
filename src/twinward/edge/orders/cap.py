"""The board of alerts for the public: a static, signed folder with an Atom feed, the CAP document
of each alert that stands, and a page for screens. It is rebuilt from the chains every time, so what
was missed heals itself and what was cancelled is gone.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from twinward.core.clock import format_time
from twinward.core.errors import TwinwardError
from twinward.edge.orders.outlet import OutletMessage, OutletReceipt
from twinward.edge.orders.public_tree import WrittenTree, write_tree
from twinward.standards.cap.document import CapMessage, CapText, write_cap
from twinward.standards.cap.feed import FeedEntry, write_feed

SHOWN = ("in_force", "cancelled", "all_clear")
STALE_AFTER = timedelta(minutes=15)  # an older page says that it is old
SAYS = {
    "in_force": ("in force", "生效中"),
    "cancelled": ("cancelled", "已取消"),
    "all_clear": ("all clear", "已解除"),
}


class BoardMember(msgspec.Struct, frozen=True, kw_only=True):
    """One member of a chain as a board shows it."""

    message: CapMessage
    state: str
    ended: bool = False  # by a later member: that one is shown in its place

    @property
    def expires(self) -> datetime | None:
        return max((text.expires for text in self.message.texts if text.expires), default=None)

    def is_shown(self, now: datetime) -> bool:
        """What stands, and an end for as long as it was said to last."""
        over = self.expires is not None and self.expires <= now
        return self.state in SHOWN and not self.ended and not over


class CapBoard:
    """An outlet: whatever message is sent through it, the whole board is written anew."""

    def __init__(
        self,
        folder: Path,
        members: Callable[[], Sequence[BoardMember]],
        sign: Callable[[bytes], str],
        now: Callable[[], datetime],
        *,
        title: str,
        sender: str,
        drill: bool,
        zone: ZoneInfo,
    ) -> None:
        self.folder, self.members, self.sign, self.now = folder, members, sign, now
        self.title, self.sender, self.drill, self.zone = title, sender, drill, zone

    def send(self, message: OutletMessage) -> OutletReceipt:
        try:
            written = self.rebuild()
        except (OSError, TwinwardError) as error:
            return OutletReceipt(state="failed", says=str(error), again=True)
        return OutletReceipt(state="delivered", says=f"manifest {written.manifest[:16]}")

    def look_up(self, key: str) -> OutletReceipt | None:
        return None

    def rebuild(self) -> WrittenTree:
        """The board as it stands now; what no longer stands is removed."""
        now = self.now()
        return write_tree(self.folder, self.files(now), self.sign)

    def files(self, now: datetime) -> dict[str, bytes]:
        shown = [one for one in self.members() if self._fits(one) and one.is_shown(now)]
        shown.sort(key=lambda one: (one.message.sent, one.message.identifier), reverse=True)
        files = {f"a/{one.message.identifier}.xml": write_cap(one.message) for one in shown}
        entries = [entry_of(one) for one in shown]
        files["feed.atom"] = write_feed(self.title, self.sender, self.sender, now, entries)
        files["alerts.json"] = msgspec.json.encode(
            {
                "as_of": format_time(now),
                "stale_after_s": int(STALE_AFTER.total_seconds()),
                "drill": self.drill,
                "alerts": [
                    {"identifier": one.identifier, "state": one.state, "href": one.href}
                    for one in entries
                ],
            }
        )
        files["index.html"] = write_page(self.title, now, shown, drill=self.drill, zone=self.zone)
        return files

    def _fits(self, one: BoardMember) -> bool:
        """An exercise or a test never stands on a board that is real, nor the other way round."""
        return (one.message.status != "Actual") == self.drill


def entry_of(one: BoardMember) -> FeedEntry:
    text = first_text(one.message)
    return FeedEntry(
        identifier=one.message.identifier,
        title=text.headline,
        summary=text.description or text.headline,
        state=one.state,
        updated=one.message.sent,
        published=one.message.sent,
        href=f"a/{one.message.identifier}.xml",
    )


def first_text(message: CapMessage, language: str = "") -> CapText:
    """In a language, else the first."""
    return next(
        (one for one in message.texts if one.language.startswith(language)), message.texts[0]
    )


def write_page(
    title: str, now: datetime, shown: Sequence[BoardMember], *, drill: bool, zone: ZoneInfo
) -> bytes:
    """One page for a screen or a telephone, without anything from elsewhere, in the city's own
    time; a page that was not renewed says so itself, and since when.
    """
    banner = '<p class="drill">EXERCISE, NOT REAL · 演练，非真实</p>' if drill else ""
    cards = "".join(write_card(one, zone) for one in shown)
    return PAGE.format(
        title=html.escape(title),
        banner=banner,
        cards=cards or "<p>No alert is in force. · 目前没有生效的预警。</p>",
        as_of=format_time(now),
        shown_as_of=local(now, zone),
        stale_ms=int(STALE_AFTER.total_seconds() * 1000),
    ).encode()


def local(at: datetime, zone: ZoneInfo) -> str:
    """As a clock in the city shows it: nobody in the street reckons from Greenwich."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def write_card(one: BoardMember, zone: ZoneInfo) -> str:
    english, chinese = SAYS[one.state]
    said = "".join(
        f'<div lang="{html.escape(text.language)}"><h2>{html.escape(text.headline)}</h2>'
        f"{paragraph('p', text.description)}{paragraph('b', text.instruction)}"
        f"{paragraph('small', text.area)}</div>"
        for text in one.message.texts
    )
    until = paragraph("small", f"until · 至 {local(one.expires, zone)}") if one.expires else ""
    sent = paragraph("small", f"sent · 发布 {local(one.message.sent, zone)}")
    return (
        f'<article class="{one.state}"><p class="state">{english} · {chinese}</p>{said}'
        f"{sent}{until}</article>"
    )


def paragraph(tag: str, text: str) -> str:
    """Nothing where nothing was written."""
    inner = html.escape(text)
    return "" if not text else f"<p>{inner}</p>" if tag == "p" else f"<p><{tag}>{inner}</{tag}></p>"


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="60"><title>{title}</title><style>
:root{{color-scheme:light dark;--red:#b00020;--green:#2e7d32;--soft:#faf3f3;--calm:#f1f7f1}}
@media(prefers-color-scheme:dark){{
:root{{--red:#ff8a80;--green:#81c784;--soft:#2a1d1d;--calm:#1b261c}}}}
body{{font:20px/1.4 sans-serif;margin:1rem auto;padding:0 1rem;max-width:60rem;
overflow-wrap:break-word}}
article{{border-left:.6rem solid var(--red);padding:.2rem 1rem;margin:1rem 0;
background:var(--soft)}}
article.cancelled,article.all_clear{{border-color:var(--green);background:var(--calm)}}
h2{{margin:.6rem 0 .3rem}}p{{margin:.4rem 0}}.state{{font-weight:bold}}
.drill,.old{{background:#ffd600;color:#111;padding:.5rem;font-weight:bold}}.old{{display:none}}
</style></head><body>{banner}<h1>{title}</h1>
<p class="old" id="old" role="status">This page is old: <span class="min"></span> min.
· 本页已 <span class="min"></span> 分钟未更新。</p><main>{cards}</main>
<p>as of · 截至 <time id="at" datetime="{as_of}">{shown_as_of}</time></p>
<script>
function age(){{var ms=Date.now()-Date.parse(document.getElementById('at').dateTime);
document.querySelectorAll('.min').forEach(function(e){{e.textContent=Math.floor(ms/60000)}});
document.getElementById('old').style.display=ms>{stale_ms}?'block':'none'}}
age();setInterval(age,10000)
</script></body></html>
"""
