"""The worked examples of CONTRIBUTING.md satisfy the linter, each block as the file that it is said to be."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.contributing import PAGE, code

ROOT = PAGE.parent
FILES = {
    "Example: adding a format": ("server/alloclens/profile/formats/pools.py", "tests/profile/test_pools.py"),
    "Example: adding a language": ("server/alloclens/languages/erlang.py", "tests/languages/test_erlang.py"),
    "Example: adding a feature": ("", "server/alloclens/lsp/features/total.py", "tests/lsp/test_total.py"),
    "Example: adding a source": ("server/alloclens/sources/spool.py", "tests/sources/test_spool.py"),
}
"""By heading, the file of each block; "" for a block that is a part of a file."""


@pytest.mark.programs
@pytest.mark.parametrize(
    ("file", "block"),
    [
        (file, block)
        for heading, files in FILES.items()
        for file, block in zip(files, code(heading), strict=True)
        if file
    ],
)
def test_examples_pass_the_linter(file: str, block: str) -> None:
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", "--stdin-filename", file, "-"]
        done = subprocess.run(ruff, input=block, capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
