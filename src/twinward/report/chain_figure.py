"""The transmission tree as investigators draw it: generations left to right, cases coloured by
where they caught it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from twinward.decision.tracing.chains.reconstruct import ChainAnswer, Link

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe, Ito 2008: colours that colour-blind readers can tell apart
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
FIXED = {"community": "#999999", "unknown": "#000000", "imported": "#000000"}
MOST_LABELS = 250  # more names than this cannot be read in one figure
ROW_INCH, MOST_INCHES = 0.16, 60.0


def _rows(
    answer: ChainAnswer, children: dict[str, list[str]], roots: list[str]
) -> dict[str, float]:
    """A height for each case: leaves one below another, an infector in the middle of its
    infectees.
    """
    height: dict[str, float] = {}
    following = 0
    for root in roots:
        stack = [(root, False)]
        while stack:
            case, done = stack.pop()
            below = children.get(case, [])
            if done:
                height[case] = (height[below[0]] + height[below[-1]]) / 2
            elif below:
                stack.append((case, True))
                stack.extend((child, False) for child in reversed(below))
            else:
                height[case] = float(following)
                following += 1
        following += 1
    return height


def _setting_colours(answer: ChainAnswer) -> dict[str, str]:
    """The commonest settings get a colour each, the others share grey."""
    common = Counter(
        link.setting for link in answer.links if link.setting not in FIXED
    ).most_common(len(COLOURS))
    return {**FIXED, **{name: COLOURS[rank] for rank, (name, _) in enumerate(common)}}


def _draw_links(
    axes: Axes, answer: ChainAnswer, height: dict[str, float], depth: dict[str, int]
) -> None:
    paths, widths, styles, greys = [], [], [], []
    for link in answer.links:
        x, y = depth[link.infectee], height[link.infectee]
        x0, y0 = depth[link.infector], height[link.infector]
        paths.append([(x0, y0), (x0 + 0.5, y0), (x0 + 0.5, y), (x, y)])
        widths.append(0.4 + 1.2 * link.probability)
        styles.append("solid" if link.stated else (0, (3, 2)))
        greys.append((0.33, 0.33, 0.33, 0.25 + 0.75 * link.probability))
    axes.add_collection(
        LineCollection(paths, linewidths=widths, linestyles=styles, colors=greys, zorder=1)
    )


def _legend(axes: Axes, colours: dict[str, str], used: set[str], below: float) -> None:
    marks = [
        Line2D([], [], marker="o", linestyle="", color=colour, label=name)
        for name, colour in colours.items()
        if name in used
    ]
    if used - set(colours):
        marks.append(
            Line2D([], [], marker="o", linestyle="", color="#DDDDDD", label="other places")
        )
    marks.append(Line2D([], [], color="#555555", label="stated"))
    marks.append(
        Line2D(
            [], [], color="#555555", linestyle=(0, (3, 2)), label="inferred (wide, dark = probable)"
        )
    )
    axes.legend(
        handles=marks,
        loc="upper center",
        bbox_to_anchor=(0.5, below),
        ncols=4,
        frameon=False,
        fontsize=7,
    )


def draw_chain(answer: ChainAnswer, path: Path) -> None:
    """Writes the figure to `path` (.svg or .png). Unlinked cases without infectees are only
    counted in the title.
    """
    parent: dict[str, Link] = {link.infectee: link for link in answer.links}
    children: dict[str, list[str]] = defaultdict(list)
    for link in answer.links:
        children[link.infector].append(link.infectee)
    roots = [case for case in answer.unlinked if case in children]
    height = _rows(answer, children, roots)
    depth = {case: parent[case].generation if case in parent else 0 for case in height}
    colours = _setting_colours(answer)
    setting = {case: parent[case].setting if case in parent else "unknown" for case in height}
    setting.update({case: "imported" for case in answer.imported if case in height})
    tall = min(max(ROW_INCH * (max(height.values(), default=0) + 1), 2.5), MOST_INCHES)
    figure = Figure(figsize=(max(1.5 * answer.generations, 5.0), tall + 1.2))
    axes = figure.add_subplot()
    _draw_links(axes, answer, height, depth)
    cases = list(height)
    axes.scatter(
        [depth[case] for case in cases],
        [height[case] for case in cases],
        s=[12 + 4 * len(children.get(case, [])) for case in cases],
        c=[colours.get(setting[case], "#DDDDDD") for case in cases],
        edgecolors="black",
        linewidths=0.3,
        zorder=2,
    )
    if len(cases) <= MOST_LABELS:
        for case in cases:
            axes.annotate(
                case,
                (depth[case], height[case]),
                xytext=(3, 3),
                textcoords="offset points",
                fontsize=5,
            )
    axes.set_xticks(range(answer.generations))
    axes.set_xlabel("generation")
    axes.set_yticks([])
    axes.invert_yaxis()
    axes.spines[["left", "right", "top"]].set_visible(False)
    alone = len(answer.unlinked) - len(roots)
    axes.set_title(
        f"{answer.cases} cases, {len(answer.links)} links ({answer.stated_links} stated), "
        f"{len(roots)} chains, "
        f"{alone} cases alone",
        fontsize=8,
    )
    _legend(axes, colours, set(setting.values()), -0.5 / tall)
    canvas = FigureCanvasSVG(figure) if path.suffix.lower() == ".svg" else FigureCanvasAgg(figure)
    canvas.print_figure(path, bbox_inches="tight", dpi=150, metadata=_metadata(path))


def _metadata(path: Path) -> dict[str, str | None]:
    """No date inside, so that the same tree gives the same file."""
    return (
        {"Date": None, "Creator": "twinward"}
        if path.suffix.lower() == ".svg"
        else {"Software": "twinward"}
    )
