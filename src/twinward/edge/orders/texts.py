"""What a message says, in English and Chinese; nothing in it names a person."""

from __future__ import annotations

from datetime import datetime

from twinward.twins.emergency import messages as m

TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "en": {
        "order": (
            "Order: {title}",
            "{title}\n{area}, for {department}. Due {due}.\nConfirm it in the console: {about}",
        ),
        "late": (
            "Late: a task in {area}",
            "Task {about} of {department} is {more} h late and now goes to {area}. New deadline "
            "{due}.",
        ),
        "withdrawn": ("Withdrawn: {title}", "The order {about} is withdrawn: {more}"),
        "level": ("Response level {title} in {area}", "{more}\nIncident {about}."),
    },
    "zh": {
        "order": (
            "任务:{title}",
            "{title}\n{area},承办:{department}。期限 {due}。\n请在控制台签收:{about}",
        ),
        "late": (
            "逾期:{area} 一项任务",
            "{department} 的任务 {about} 已逾期 {more} 小时,现上报 {area}。新期限 {due}。",
        ),
        "withdrawn": ("撤回:{title}", "任务 {about} 已撤回:{more}"),
        "level": ("{area} 响应级别调整为 {title} 级", "{more}\n事件 {about}。"),
    },
}


def text_of(
    kind: str,
    language: str,
    *,
    title: str,
    area: str,
    department: str,
    due: datetime | None,
    about: str,
    more: str,
) -> tuple[str, str]:
    """Subject and text of a message; `due` in local time."""
    said = {
        "title": title,
        "area": area,
        "department": department.replace("_", " "),
        "due": f"{due:%Y-%m-%d %H:%M}" if due else "–",
        "about": about,
        "more": more,
    }
    subject, text = TEXTS[language][kind]
    return " ".join(subject.format(**said).split()), text.format(**said)


STEPS = {
    "en": {"alert": "Alert", "update": "Update", "cancel": "Cancelled", "all_clear": "All clear"},
    "zh": {"alert": "预警", "update": "更新", "cancel": "取消", "all_clear": "解除"},
}
DRILL = {"en": "EXERCISE, NOT REAL: ", "zh": "演练,非真实:"}
ALERT = {"en": "{area}, until {until}", "zh": "{area},至 {until}"}


def alert_text(
    step: str,
    language: str,
    told: m.AlertText,
    *,
    area: str,
    until: datetime | None,
    drill: bool,
) -> tuple[str, str]:
    """Subject and text of an alert for the public; an exercise says so first."""
    mark = DRILL[language] if drill else ""
    when = f"{until:%Y-%m-%d %H:%M}" if until else "–"
    subject = f"{mark}{STEPS[language][step]}: {told.headline}"
    parts = (
        mark,
        told.description,
        told.instruction,
        ALERT[language].format(area=area, until=when),
    )
    return " ".join(subject.split()), "\n".join(part for part in parts if part)
