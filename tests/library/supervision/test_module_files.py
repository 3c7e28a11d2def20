"""Modules are data: the bundled ones hold together, and a wrong one says what is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twinward.core.errors import InputError
from twinward.library.loading import HOME
from twinward.library.supervision.module_files import (
    ModuleRegister,
    bundled_modules,
    read_module,
)

CHINESE = re.compile("[\u4e00-\u9fff]")
PLAIN = """
id = "playgrounds"
version = "1"
title = "Playgrounds"
title_zh = "游乐场"
source = "ours"
objects = [{ kind = "swing", title = "Swing", title_zh = "秋千", facts = ["seats"] }]
readings = [{ type = "load", unit = "kg", cadence_s = 600 }]
[[events]]
id = "overload"
title = "Too heavy"
title_zh = "超载"
objects = ["swing"]
rule = { type = "load", above = 200, hold_s = 60 }
defect = "broken"
[[checks]]
id = "look"
title = "Look at it"
title_zh = "查看"
objects = ["swing"]
cadence_h = 24
missing = "not-seen"
fields = [{ name = "safe", kind = "yes", title = "Safe", title_zh = "安全", want = true, defect = "broken" }]
[[defects]]
id = "broken"
title = "Swing is broken"
title_zh = "秋千损坏"
duty = "mend"
evidence = "look"
[[defects]]
id = "not-seen"
title = "Swing was not seen"
title_zh = "秋千未查看"
duty = "mend"
evidence = "look"
[[duties]]
id = "mend"
department = "civil_affairs"
title = "Mend the swing"
title_zh = "修理秋千"
deadline_h = 48
[[figures]]
id = "seats"
title = "Seats"
title_zh = "座位"
of = "fact"
name = "seats"
"""


def test_all_ten_terminations_are_there_and_say_everything_in_two_languages() -> None:
    modules = bundled_modules()
    assert {one.termination for one in modules.values()} == set(range(11))
    assert {"home-isolation", "risk-vehicles", "fire-and-lifts"} <= modules.keys()
    for module in modules.values():
        for english, chinese in module.words().items():
            assert CHINESE.search(chinese), f"{module.id}: {english}"
            assert not CHINESE.search(english), f"{module.id}: {english}"


def test_one_title_says_one_thing_in_chinese_over_all_modules() -> None:
    said: dict[str, str] = {}
    for module in bundled_modules().values():
        for english, chinese in module.words().items():
            assert said.setdefault(english, chinese) == chinese, f"{module.id}: {english}"


def test_every_defect_of_a_bundled_module_can_come_about() -> None:
    for module in bundled_modules().values():
        opened = {one.defect for one in module.events}
        opened |= {one.missing for one in module.checks}
        opened |= {field.defect for check in module.checks for field in check.fields}
        assert {one.id for one in module.defects} <= opened, module.id
        assert {one.duty for one in module.defects} == {one.id for one in module.duties}, module.id


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('department = "civil_affairs"', 'department = "nobody"', "names no department: nobody"),
        ('duty = "mend"\nevidence', 'duty = "paint"\nevidence', "names no duty: paint"),
        ("cadence_h = 24", "cadence_h = 0", "cadence_h"),
        ("cadence_h = 24", "cadence_h = -3", "cadence_h"),
        ('missing = "not-seen"', "", "names no defect for a missing one"),
        ('missing = "not-seen"', 'missing = "gone"', "names no defect: gone"),
        ('type = "load", above', 'type = "noise", above', "reads noise, which is none"),
        ("above = 200, ", "", "give `above` or `below`"),
        ('objects = ["swing"]\nrule', 'objects = ["slide"]\nrule', "names no object: slide"),
        ("want = true, ", "", "names a defect and no bound"),
        (', defect = "broken" }]', " }]", "has a bound and names no defect"),
        ('evidence = "look"', 'evidence = "luck"', "is no check and not clear: luck"),
        ('name = "seats"', 'name = "chains"', "sums no fact of an object: chains"),
        ('of = "fact"', 'of = "answer"', "sums no number of check"),
        ('id = "broken"', 'id = "not-seen"', "defect not-seen stands twice"),
        ('title_zh = "游乐场"\n', "", "title_zh"),
        ('kind = "yes"', 'kind = "maybe"', "maybe"),
        ("rule = { type", 'rule = { action = "siren", type', "the edge's own"),
        ('version = "1"', 'version = "1"\nowner = "me"', "owner"),
        ('id = "playgrounds"', "id = ", "playground.toml"),
    ],
)
def test_a_wrong_module_says_what_is_wrong(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = tmp_path / "playground.toml"
    file.write_text(PLAIN, "utf-8")
    assert read_module(file).id == "playgrounds"
    assert old in PLAIN
    file.write_text(PLAIN.replace(old, new, 1), "utf-8")
    with pytest.raises(InputError) as error:
        read_module(file)
    assert error.value.code == "bad_module"
    assert said in str(error.value)


def test_a_file_in_the_folder_is_a_module_at_once_and_gone_with_it(tmp_path: Path) -> None:
    register = ModuleRegister(tmp_path)
    assert register.list_modules().keys() == bundled_modules().keys()
    file = tmp_path / "playgrounds.toml"
    file.write_text(PLAIN, "utf-8")
    assert register.list_modules().keys() - bundled_modules().keys() == {"playgrounds"}
    file.unlink()
    assert register.list_modules().keys() == bundled_modules().keys()


def test_the_bundled_files_are_named_as_their_modules() -> None:
    names = {path.stem for path in (HOME / "modules").glob("*.toml")}
    assert names == bundled_modules().keys()
