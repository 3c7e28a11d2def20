"""The area tree: parents, children, levels, and which areas lie under which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from twinward.core.errors import InputError


class AreaLike(Protocol):
    """What the tree needs of an area."""

    @property
    def code(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def level(self) -> str: ...

    @property
    def parent(self) -> str | None: ...


class AreaTree:
    """One city's administrative areas. The root stands for the city as a whole; levels count down
    from it.

    A workspace without a city has no areas to hold a code against: every code then stands right
    below the root.
    """

    def __init__(self, root: str, areas: Sequence[AreaLike]) -> None:
        self.root = root
        self.by_code = {area.code: area for area in areas}
        self.parents: dict[str, str] = {
            area.code: area.parent or root for area in areas if area.code != root
        }
        self.children: dict[str, list[str]] = {}
        for code, parent in self.parents.items():
            self.children.setdefault(parent, []).append(code)

    def __contains__(self, code: object) -> bool:
        return code == self.root or code in self.by_code or not self.by_code

    def require(self, code: str) -> str:
        """`code` itself, or InputError `unknown_area`."""
        if code not in self:
            raise InputError(
                f"there is no area {code!r}",
                "see `twinward city describe` for the codes",
                code="unknown_area",
            )
        return code

    def name(self, code: str) -> str:
        if code in self.by_code:
            return self.by_code[code].name
        return "the city" if code == self.root else code

    def parent(self, code: str) -> str | None:
        """The next area up, or None for the root."""
        if not self.by_code and code != self.root:
            return self.root
        return self.parents.get(code)

    def path(self, code: str) -> list[str]:
        """From the root down to `code`."""
        path = [code]
        while (above := self.parent(path[-1])) is not None:
            path.append(above)
        return path[::-1]

    def common(self, codes: Iterable[str]) -> str:
        """The lowest area in which all of them lie; without any, the root."""
        found = self.root
        for level in zip(*map(self.path, codes), strict=False):
            if len(set(level)) > 1:
                break
            found = level[0]
        return found

    def at_depth(self, code: str, depth: int) -> str:
        """The area of `depth` (0 the root) that `code` lies in; `code` itself when it stands
        higher.
        """
        path = self.path(code)
        return path[min(depth, len(path) - 1)]

    def is_under(self, code: str, above: str) -> bool:
        return above in self.path(code)
