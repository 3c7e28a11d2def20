"""What a person is told of a status, in two languages and as a short message."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from twinward.service.city.context import zone_of
from twinward.service.platform import Platform
from twinward.twins.emergency.passes.rows import Status

VALUES = {
    "clear": ("clear", "可通行"),
    "advice": ("advice only, it binds you to nothing", "仅为建议，不限制您"),
    "restricted": ("restricted", "受限"),
}
REASONS = {
    "test_positive": ("a positive test", "检测阳性"),
    "close_contact": ("contact with a case", "密切接触者"),
    "traced": ("tracing", "流调判定"),
    "place_visited": ("a place you visited", "到访过相关场所"),
    "travelled": ("a journey", "旅居史"),
    "declared": ("your own statement", "本人申报"),
    "cleared": ("a review", "复核"),
}


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """The same in English, in Chinese, and in a short message."""

    en: str
    zh: str
    sms: str


def state_status(platform: Platform, row: Status, state: str) -> Statement:
    """What, why, from which record, how sure, who, on which basis, until when, how to object."""
    zone = zone_of(platform)
    until = f"{row.until.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"
    value, reason = VALUES[row.value], REASONS[row.reason_code]
    sure = f" Probability {row.probability:.0%}." if row.probability is not None else ""
    sure_zh = f"概率 {row.probability:.0%}。" if row.probability is not None else ""
    again = f" Renewed {row.renewals} times." if row.renewals else ""
    again_zh = f"已续期 {row.renewals} 次。" if row.renewals else ""
    who = row.confirmed_by or row.rule or row.set_by
    own = f" You can end it yourself: {row.ends_by}." if row.ends_by else ""
    own_zh = f"您可自行解除：{row.ends_by}。" if row.ends_by else ""
    en = (
        f"Status {row.id}: {value[0]} ({state.replace('_', ' ')}). Why: {reason[0]}, {row.reason}. "
        f"Record: {row.source}.{sure} Decided by {row.set_by}, {who}. Legal basis: {row.basis}. "
        f"It ends by itself on {until}.{again}{own} You may object from wherever you are: by SMS, "
        "by telephone, on paper, at any street office, yourself or through somebody you trust. You "
        "get a receipt at once and an answer within 24 hours, from somebody who had no part in it."
    )
    zh = (
        f"状态 {row.id}：{value[1]}。原因：{reason[1]}，{row.reason}。"
        f"来源记录：{row.source}。{sure_zh}"
        f"决定人：{row.set_by}、{who}。法律依据：{row.basis}。"
        f"到期自动解除：{until}。{again_zh}{own_zh}"
        "您可在任何地方提出异议：短信、电话、书面、任一街道窗口，本人或委托他人。"
        "当场给回执，24 小时内由未参与决定的人答复。"
    )
    sms = (
        f"{row.id} {value[1]} {reason[1]} 至{row.until.astimezone(ZoneInfo(zone)):%m-%d %H:%M}。"
        f"异议回复: YY {row.id} 理由 / Object: reply OBJECT {row.id} and why"
    )
    return Statement(en=en, zh=zh, sms=sms)
