"""All there is to say about one line: every sample type, the heaviest stacks, the command that shows the same."""

from __future__ import annotations

import math
import re
import shlex
from typing import TYPE_CHECKING

from alloclens.wording.amounts import amount, difference, growth, share
from alloclens.wording.focus import options, words
from alloclens.wording.markdown import code, escape
from alloclens.wording.verdict import doubt, figures, sparkline, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alloclens.profile.model import Frame
    from alloclens.series.comparison import Comparison, LineStats
    from alloclens.stats.amount import Amount
    from alloclens.tables.stacks import Stack

    Link = Callable[[Frame], "str | None"]
    """From a frame to the address of its line; None where it has no place here."""

STACKS = 3
FRAMES = 8
"""Of each stack: enough to leave the runtime and reach the user's own code; the peek view shows all."""


def markdown(
    comparison: Comparison, row: int, stacks: list[Stack], link: Link, *, unsure: bool = False, guessed: bool = False
) -> str:
    """Write the hover of one row of the head's lines. `unsure` is about where that row is now, `guessed` about its file."""
    lines = comparison.lines
    file, number = lines.files[lines.file[row]], int(lines.line[row])
    parts = [_title(comparison, comparison.stats(row)), _table(comparison, row)]
    if judged := comparison.verdict(row):
        parts.append(f"{sparkline(judged.points)} {escape(verdict(judged))}  \n{escape(figures(judged))}")
    if unsure:
        parts.append(f"~ {doubt(guessed=guessed)} It was line {number} of {escape(file)}.")
    if stacks:
        parts += [_stacks(stacks, comparison, link), *_command(stacks, file, number, comparison)]
    if comparison.focus:
        parts.append(f"Only of samples {escape(words(comparison.focus))}; the verdict is on all of the line.")
    return "\n\n".join(parts)


def _title(comparison: Comparison, stats: LineStats) -> str:
    unit, total = comparison.sample_type.unit, comparison.total
    main, word = _main(stats)
    said = f"**{amount(main.value, unit)} {word}**{_error(main, unit)} · {share(main.value, total)} of {amount(total, unit)}"
    return f"{said} {escape(comparison.sample_type.type)}{_since(comparison, main)}"


def _main(stats: LineStats) -> tuple[Amount, str]:
    """Return the measure a line is judged by: what it owns, else what passes through it."""
    return (stats.owned, "owned") if stats.owned.value else (stats.cum, "cum")


def _error(measure: Amount, unit: str) -> str:
    """Return the 95 % interval of a number, and how many sampled objects it is made of."""
    if math.isnan(measure.error) or not measure.error:
        return ""
    many = f"{measure.sampled:.0f} sampled object{'' if round(measure.sampled) == 1 else 's'}"
    return f" ± {amount(1.96 * measure.error, unit)} ({many})"


def _since(comparison: Comparison, measure: Amount) -> str:
    if comparison.base is None:
        return ""
    if measure.growth is None:
        return f" · growth since {escape(comparison.base.name)} not known: which line it was in that build is not known"
    return f" · {growth(measure, comparison.sample_type.unit, interval=True)} since {escape(comparison.base.name)}"


def _table(comparison: Comparison, row: int) -> str:
    said = []
    for kind in comparison.head.sample_types:
        stats = comparison.stats(row, kind)
        numbers = ", ".join(f"{amount(getattr(stats, m).value, kind.unit)} {m}" for m in ("flat", "cum", "owned"))
        main, _ = _main(stats)
        grown = f" · {growth(main, kind.unit, interval=True)}" if main.growth is not None else ""
        name = escape(kind.type)
        said.append(f"- {f'**{name}**' if kind == comparison.sample_type else name}: {numbers}{grown}")
    return "\n".join(said)


def _stacks(stacks: list[Stack], comparison: Comparison, link: Link) -> str:
    said = ["Heaviest stacks" + (" by growth" if comparison.base else "") + ", leaf first:"]
    for i, stack in enumerate(stacks, 1):
        shown = " ← ".join(_frame(f, link) for f in stack.frames[:FRAMES])
        more = f" ← … {len(stack.frames) - FRAMES} more" if len(stack.frames) > FRAMES else ""
        said.append(f"{i}. {stack_label(stack, comparison)}: {shown}{more}")
    return "\n".join(said)


def stack_label(stack: Stack, comparison: Comparison) -> str:
    """Return a stack's bytes, and how they changed where something is compared: ▲ is for what is judged."""
    unit = comparison.sample_type.unit
    return amount(stack.amount.value, unit) + (difference(stack.amount, unit) if comparison.base else "")


def _frame(frame: Frame, link: Link) -> str:
    name = escape(short_name(frame.function) or frame.file or "?")
    target = link(frame)
    return f"[{name}]({target})" if target else name


def short_name(function: str) -> str:
    """Return a function's name without the directories of its package: net/http.(*conn).serve -> http.(*conn).serve."""
    head, bracket, tail = function.partition("[")
    return head[head.rfind("/") + 1 :] + bracket + tail


def _command(stacks: list[Stack], file: str, line: int, comparison: Comparison) -> list[str]:
    focus = options(comparison.focus)
    if focus is None:
        return []
    here = (f.function for s in stacks for f in s.frames if f.line == line and f.file.endswith(file))
    function = next(here, "")
    base = comparison.base.path if comparison.base else None
    return [code(command(function, comparison.sample_type.type, comparison.head.path, base, focus))]


def command(function: str, sample_type: str, head: str, base: str | None, focus: Sequence[str] = ()) -> str:
    """Return the command that lists a function's lines with flat and cum, as text for a shell. `focus` are further options."""
    compared = [f"-diff_base={base}"] if base else []
    listed = f"-list=^{re.escape(function)}$"
    return shlex.join(["go", "tool", "pprof", f"-sample_index={sample_type}", listed, *focus, *compared, head])
