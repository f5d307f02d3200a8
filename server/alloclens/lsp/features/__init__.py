"""What the server can do, one file each. A new one is a file with a `register` and one name here."""

from __future__ import annotations

from alloclens.lsp.features import (
    call_hierarchy,
    choices,
    code_actions,
    code_lens,
    document_links,
    edits,
    explain,
    focus,
    hot_line,
    hot_lines,
    hover,
    inlay_hints,
    pictures,
    stack_page,
    stack_tree,
    stacks,
    views,
    workspace_symbols,
)

FEATURES = (
    inlay_hints,
    hover,
    code_lens,
    stacks,
    hot_line,
    hot_lines,
    choices,
    explain,
    focus,
    code_actions,
    edits,
    stack_page,
    document_links,
    stack_tree,
    views,
    pictures,
    call_hierarchy,
    workspace_symbols,
)

__all__ = ["FEATURES"]
