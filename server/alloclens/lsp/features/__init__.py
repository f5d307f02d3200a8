"""The features of the server. Each is a file with a function `register`, and a name in FEATURES."""

from __future__ import annotations

from alloclens.lsp.features import (
    about,
    call_hierarchy,
    capture,
    code_actions,
    code_lens,
    compare,
    edits,
    explain,
    finding_text,
    findings,
    focus,
    hot_lines,
    hover,
    inlay_hints,
    pictures,
    snapshots,
    sources,
    stack_page,
    stacks,
    workspace_symbols,
)

FEATURES = (
    inlay_hints,
    hover,
    code_lens,
    code_actions,
    edits,
    stacks,
    stack_page,
    hot_lines,
    findings,
    finding_text,
    snapshots,
    focus,
    compare,
    explain,
    pictures,
    call_hierarchy,
    workspace_symbols,
    capture,
    sources,
    about,
)

__all__ = ["FEATURES"]
