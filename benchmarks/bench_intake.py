"""Documents to claims on 200 files that this module makes up, and letters read from pages that it
typesets. It shares no code and no word list with the reader; both were written by the same people,
so it measures mechanics, not the world.

    PYTHONPATH=src python -m benchmarks.bench_intake [--files 200] [--seed 19] [--ocr-pages 20]
"""

from __future__ import annotations

import argparse
import csv
import difflib
import io
import json
import random
import re
import time
import zipfile
from collections import Counter
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
SHANGHAI = HERE / "scenarios" / "shanghai"
FONTS = {
    "noto sans": "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "noto serif": "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
}
NOW = datetime(2022, 3, 2, 10, tzinfo=timezone(timedelta(hours=8)))
# kind -> how people say it, in two languages; {p} a place, {n} a number
SAYINGS = {
    "fire": [
        "{p}一家餐馆后厨突然起火，火势蔓延到二楼，过火面积约{n}平方米。",
        "消防支队通报：{p}某仓库夜里着火，现场浓烟滚滚，无人伤亡。",
        "邻居说{p}那边有户人家的电瓶车烧起来了，楼道里全是烟，火还没灭。",
        "A blaze broke out on the third floor of a block of flats in {p}; about {n} square metres burned.",
        "Please send help, my neighbour's kitchen in {p} caught fire and the stairs are full of smoke.",
        "Crews are fighting a warehouse fire in {p}. Nobody was hurt.",
    ],
    "flood": [
        "暴雨后{p}多处路段积水，最深处约{n}厘米，地下车库进水。",
        "{p}的弄堂里水已经没到膝盖了，老人出不了门。",
        "水务部门监测到{p}下立交水深达{n}厘米，已设围挡。",
        "Heavy rain left streets in {p} under water; the depth at the underpass is {n} cm.",
        "The basement car park in {p} is flooded, water is knee deep.",
        "River water has entered ground floor homes in {p}.",
    ],
    "cases": [
        "{p}昨日新增{n}例确诊病例，均已送医。",
        "经复核，{p}有{n}人核酸检测呈阳性。",
        "{p}卫生服务中心报告发热病人{n}名。",
        "{p} reported {n} new confirmed cases yesterday.",
        "In {p} {n} residents tested positive this morning.",
        "The clinic in {p} saw {n} patients with fever today.",
    ],
    "missing_supplies": [
        "{p}居委会反映，目前口罩只剩两天用量，急需{n}箱。",
        "{p}养老院的成人纸尿裤和药品快用完了，请尽快补充。",
        "物资组：{p}缺少防护服{n}套、消毒液若干。",
        "The shelter in {p} is running out of drinking water and needs {n} boxes by tonight.",
        "We are short of insulin in {p}, please send {n} packs.",
        "{p} asks for {n} blankets for the night.",
    ],
    "road_blocked": [
        "{p}一段路面发生塌陷，坑洞直径约三米，车辆绕行。",
        "受滑坡影响，{p}主要道路中断，抢修中。",
        "交警提示：{p}有桥梁封闭，请改道。",
        "A stretch of road in {p} caved in this morning; buses are being diverted.",
        "The main road through {p} is blocked by fallen trees.",
        "A sinkhole opened in front of the market in {p}.",
    ],
    "gas_smell": [
        "{p}多位居民来电称楼道里闻到很浓的煤气味。",
        "{p}施工挖断管线，天然气泄漏，周边已疏散。",
        "住户反映{p}厨房有股怪味，怀疑燃气漏了。",
        "Several people in {p} say their staircase smells of gas.",
        "A digger hit a pipe in {p} and gas is leaking into the street.",
        "There's been a strong gas odour in {p} since noon.",
    ],
    "power_out": [
        "{p}从凌晨开始停电，约{n}户受影响。",
        "变电站故障造成{p}大面积断电，电梯停运。",
        "{p}还没来电，冰箱里的东西都坏了，已经没电十个小时。",
        "About {n} households in {p} have been without electricity since dawn.",
        "A substation fault caused a power outage in {p}.",
        "The lights went off all over {p}; it is a complete blackout.",
    ],
    "displaced": [
        "{p}已转移安置群众{n}人，安置在学校体育馆。",
        "因房屋受损，{p}{n}名居民撤离到安置点。",
        "{n} people from {p} were evacuated to a school gym overnight.",
        "Families in {p} lost their homes; {n} are staying in a shelter.",
    ],
    "trapped": [
        "{p}一部电梯停在半空，{n}人被困。",
        "{p}有{n}名工人失联，救援正在进行。",
        "{n} people are trapped in a lift in {p}.",
        "Rescuers say {n} workers are missing after the accident in {p}.",
    ],
}
CHATTER = [
    "以下内容供领导参阅。",
    "今天天气转晴，气温回升。",
    "会议定于下周一召开，请提前准备材料。",
    "感谢各位志愿者的辛勤付出。",
    "Best regards from the office.",
    "The weather is getting better.",
    "The next meeting is on Monday; please bring your notes.",
    "Thanks to all volunteers.",
]
NONE = [
    "{p}没有发生火情，一切正常。",
    "{p}本周举行消防演练，请勿惊慌。",
    "{p}的停电已恢复。",
    "No cases were found in {p} this week.",
    "The fire brigade of {p} held a drill.",
    "{p} will open a new library in May.",
]
FORMS = ("txt", "gbk", "html", "eml", "docx", "xlsx", "csv", "jsonl", "pdf", "scan", "png", "cmyk")
WEIGHTS = (14, 6, 12, 16, 16, 8, 6, 8, 16, 8, 8, 4)


def read_areas() -> list[tuple[str, str]]:
    """Streets of the reference city: (code, name), those of a name that stands once."""
    with (SHANGHAI / "subdistricts.csv").open(encoding="utf-8-sig", newline="") as rows:
        found = [(row["code"], row["name"]) for row in csv.DictReader(rows)]
    counts = Counter(name for _, name in found)
    return [(code, name) for code, name in found if counts[name] == 1]


def latin(name: str) -> str:
    """How an English report would write a street's name."""
    from pypinyin import lazy_pinyin

    short = re.sub(r"(街道|镇|乡)$", "", name)
    for ending, word in (("东路", " East Road"), ("西路", " West Road"), ("路", " Road")):
        if short.endswith(ending):
            return "".join(lazy_pinyin(short.removesuffix(ending))).capitalize() + word
    return "".join(lazy_pinyin(short)).capitalize()


class Maker:
    """One file at a time, by a seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.areas = read_areas()

    def say(self) -> tuple[str, tuple[str, str] | None]:
        """A sentence and what it says: (kind, area), or None for what says nothing."""
        code, name = self.dice.choice(self.areas)
        if self.dice.random() < 0.12:
            text, truth = self.dice.choice(NONE), None
        else:
            kind = self.dice.choice(sorted(SAYINGS))
            text, truth = self.dice.choice(SAYINGS[kind]), (kind, code)
        chinese = re.search(r"[\u4e00-\u9fff]", text) is not None
        place = name if chinese else latin(name)
        if chinese and self.dice.random() < 0.3:
            place = re.sub(r"(街道|镇)$", "", place)
        number = self.dice.randint(3, 80)
        return text.format(p=place, n=number), truth

    def make(self) -> tuple[str, bytes, set[tuple[str, str]]]:
        """(form, bytes, truth)."""
        lines, truth = [], set()
        for _ in range(self.dice.choice((1, 1, 1, 2, 3))):
            text, said = self.say()
            lines.append(text)
            if said is not None:
                truth.add(said)
        for _ in range(self.dice.randint(0, 3)):
            lines.insert(self.dice.randint(0, len(lines)), self.dice.choice(CHATTER))
        form = self.dice.choices(FORMS, WEIGHTS)[0]
        return form, getattr(self, f"as_{form}")(lines), truth

    def as_txt(self, lines: list[str]) -> bytes:
        return "\n".join(lines).encode()

    def as_gbk(self, lines: list[str]) -> bytes:
        return "\n".join(lines).encode("gb18030")

    def as_html(self, lines: list[str]) -> bytes:
        body = "".join(f"<p>{line}</p>" for line in lines)
        page = f"<!doctype html><html><head><title>新闻</title><script>var fire=1</script></head><body><nav>首页</nav>{body}</body></html>"
        return page.encode()

    def as_eml(self, lines: list[str]) -> bytes:
        made = EmailMessage()
        made["From"], made["To"] = "office@example.org", "duty@example.org"
        made["Subject"], made["Date"] = "日报 Daily note", "Wed, 02 Mar 2022 08:00:00 +0800"
        made.set_content("您好：\n" + "\n".join(lines))
        return made.as_bytes()

    def as_docx(self, lines: list[str]) -> bytes:
        name = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
        return zipped(
            {
                "word/document.xml": f'<w:document xmlns:w="{name}"><w:body>{body}</w:body></w:document>'
            }
        )

    def as_xlsx(self, lines: list[str]) -> bytes:
        name = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        rows = [["序号", "情况"], *([str(n), line] for n, line in enumerate(lines, 1))]
        cells = "".join(
            "<row>"
            + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row)
            + "</row>"
            for row in rows
        )
        sheet = f'<worksheet xmlns="{name}"><sheetData>{cells}</sheetData></worksheet>'
        return zipped({"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": sheet})

    def as_csv(self, lines: list[str]) -> bytes:
        out = io.StringIO()
        csv.writer(out).writerows([["id", "report"], *enumerate(lines, 1)])
        return out.getvalue().encode()

    def as_jsonl(self, lines: list[str]) -> bytes:
        return "\n".join(
            json.dumps({"text": line, "user": "u"}, ensure_ascii=False) for line in lines
        ).encode()

    def as_pdf(self, lines: list[str]) -> bytes:
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont
        from reportlab.pdfgen.canvas import Canvas

        pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
        out = io.BytesIO()
        page = Canvas(out)
        page.setFont("STSong-Light", 13)
        at = 780
        for line in lines:
            for piece in wrap(line, 34):
                page.drawString(60, at, piece)
                at -= 20
            at -= 10
        page.save()
        return out.getvalue()

    def picture(self, lines: list[str]) -> object:
        from PIL import Image, ImageDraw, ImageFont

        font = ImageFont.truetype(self.dice.choice(list(FONTS.values())), 30)
        rows = [piece for line in lines for piece in [*wrap(line, 36), ""]]
        sheet = Image.new("RGB", (1240, 80 + 46 * len(rows)), "white")
        pen = ImageDraw.Draw(sheet)
        for n, row in enumerate(rows):
            pen.text((50, 40 + 46 * n), row, font=font, fill="black")
        return sheet

    def as_png(self, lines: list[str]) -> bytes:
        return saved(self.picture(lines), "PNG")

    def as_cmyk(self, lines: list[str]) -> bytes:
        return saved(self.picture(lines).convert("CMYK"), "JPEG")  # type: ignore[attr-defined]

    def as_scan(self, lines: list[str]) -> bytes:
        return saved(self.picture(lines), "PDF")


def wrap(line: str, most: int) -> list[str]:
    """Lines of at most so many wide letters; words of Latin stay whole."""
    pieces, now, width = [], "", 0.0
    for word in re.findall(r"[\x21-\x7e]+\s*|.", line):
        size = len(word) * (0.55 if word.isascii() else 1.0)
        if width + size > most:
            pieces.append(now.rstrip())
            now, width = "", 0.0
        now += word
        width += size
    return [*pieces, now.rstrip()]


def zipped(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def saved(picture: object, form: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, form)  # type: ignore[attr-defined]
    return out.getvalue()


def gazetteer() -> object:
    """Every area of the reference city, as the twin knows it."""
    from twinward.edge.intake.places import Gazetteer, NamedPlace
    from twinward.service.documents.names import latin_forms

    found = []
    for name in ("districts", "subdistricts", "communities"):
        with (SHANGHAI / f"{name}.csv").open(encoding="utf-8-sig", newline="") as rows:
            for row in csv.DictReader(rows):
                others = latin_forms(row["name"])
                found.append(NamedPlace(area=row["code"], name=row["name"], others=others))
    return Gazetteer(found)


def bench_files(count: int, seed: int, shown: int) -> None:
    from twinward.edge.intake.extract import find_claims
    from twinward.edge.intake.reader import read_bytes

    maker, places = Maker(seed), gazetteer()
    right: Counter[str] = Counter()
    said: Counter[str] = Counter()
    kind_only = files_right = extra = claimed = 0
    by_kind: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    start = time.perf_counter()
    for number in range(count):
        form, data, truth = maker.make()
        found = find_claims(read_bytes(data), places, NOW, NOW.tzinfo)  # type: ignore[arg-type]
        pairs = {(one.kind, one.area) for one in found}
        hits = truth & pairs
        said[form] += len(truth)
        right[form] += len(hits)
        for kind, _ in truth:
            kinds[kind] += 1
        for kind, _ in hits:
            by_kind[kind] += 1
        kind_only += sum(any(kind == one for one, _ in pairs) for kind, _ in truth)
        claimed += len(pairs)
        extra += len(pairs - truth)
        files_right += truth <= pairs
        if truth - pairs and shown > 0:
            shown -= 1
            print(
                f"missed in file {number} ({form}): {sorted(truth - pairs)}; found {sorted(pairs)}"
            )
    total, hit = sum(said.values()), sum(right.values())
    print(f"files {count}, seed {seed}, {time.perf_counter() - start:.0f} s")
    print(
        f"right kind and place: {hit} of {total} = {hit / total:.3f}; kind alone {kind_only / total:.3f}"
    )
    print(f"files with everything right: {files_right / count:.3f}")
    print(f"claims that nobody made: {extra} of {claimed} = {extra / max(claimed, 1):.3f}")
    print("by form: " + ", ".join(f"{f} {right[f]}/{said[f]}" for f in FORMS if said[f]))
    print("by kind: " + ", ".join(f"{k} {by_kind[k]}/{kinds[k]}" for k in sorted(kinds)))


def bench_ocr(pages: int, seed: int) -> None:
    from PIL import Image, ImageDraw, ImageFont

    from twinward.edge.intake.readers.pictures import read_lines

    dice = random.Random(seed)
    maker = Maker(seed)
    letters = errors = 0
    for number in range(pages):
        lines = [maker.say()[0] for _ in range(12)]
        name = list(FONTS)[number % len(FONTS)]
        font = ImageFont.truetype(FONTS[name], 30)
        rows = [piece for line in lines for piece in wrap(line, 36)]
        sheet = Image.new("RGB", (1240, 100 + 50 * len(rows)), "white")
        pen = ImageDraw.Draw(sheet)
        for n, row in enumerate(rows):
            pen.text((50, 50 + 50 * n), row, font=font, fill="black")
        read = read_lines(sheet, "page").text
        left, found = (plain(one) for one in ("".join(rows), read))
        match = difflib.SequenceMatcher(None, left, found, autojunk=False)
        same = sum(block.size for block in match.get_matching_blocks())
        letters += len(left)
        errors += max(len(left), len(found)) - same
        dice.random()
    print(f"ocr: {pages} pages, {letters} letters, right {1 - errors / letters:.4f}")


def plain(text: str) -> str:
    """Without blanks, full and half width alike."""
    import unicodedata

    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=19)
    parser.add_argument("--ocr-pages", type=int, default=20)
    parser.add_argument("--shown", type=int, default=10)
    options = parser.parse_args()
    if options.files:
        bench_files(options.files, options.seed, options.shown)
    if options.ocr_pages:
        bench_ocr(options.ocr_pages, options.seed)


if __name__ == "__main__":
    main()
