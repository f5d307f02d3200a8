"""The plugins for editors start the server for every language."""

from __future__ import annotations

import re

import pytest
from alloclens.languages import LANGUAGES

from scripts.tools import ROOT

EDITORS = {
    ".go": ("go", "go-mode go-ts-mode"),
    ".py": ("python", "python-mode python-ts-mode"),
    ".js": ("javascript javascriptreact", "js-mode js-ts-mode"),
    ".ts": ("typescript", "typescript-mode typescript-ts-mode"),
    ".tsx": ("typescriptreact", "tsx-ts-mode"),
    ".rs": ("rust", "rust-mode rust-ts-mode"),
    ".c": ("c", "c-mode c-ts-mode"),
    ".cc": ("cpp", "c++-mode c++-ts-mode"),
    ".java": ("java", "java-mode java-ts-mode"),
    ".kt": ("kotlin", "kotlin-mode kotlin-ts-mode"),
    ".scala": ("scala", "scala-mode scala-ts-mode"),
    ".cs": ("cs", "csharp-mode csharp-ts-mode"),
}
"""By the first suffix of a language, the file types of Neovim and the major modes of Emacs."""


def test_every_language_is_listed() -> None:
    assert {language.endings[0] for language in LANGUAGES} == EDITORS.keys()


@pytest.mark.parametrize(
    ("file", "listed", "editor"),
    [
        ("editors/nvim/lsp/alloclens.lua", r"'([\w+]+)'", 0),
        ("editors/emacs/alloclens.el", r"[\w+-]+-mode\b", 1),
    ],
)
def test_the_plugins_start_the_server_for_every_language(file: str, listed: str, editor: int) -> None:
    text = (ROOT / file).read_text("utf-8")
    begin = text.index(("filetypes = {", "(add-to-list 'eglot-server-programs")[editor])
    block = text[begin : text.index(("}", "alloclens-command")[editor], begin)]
    wanted = {name for names in EDITORS.values() for name in names[editor].split()}
    assert wanted <= {*re.findall(listed, block)}
