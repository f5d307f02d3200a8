"""How a result is written: a module with `render` for each format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.check.outputs import github, gitlab, json, junit, markdown, sarif, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alloclens.check.result import Result

OUTPUTS: Mapping[str, Callable[[Result], str]] = {
    "text": text.render,
    "json": json.render,
    "sarif": sarif.render,
    "github": github.render,
    "gitlab": gitlab.render,
    "junit": junit.render,
    "markdown": markdown.render,
}
"""By name. Each returns the whole text, with a line end at its end."""
