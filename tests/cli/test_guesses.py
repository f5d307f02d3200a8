"""A file that is only guessed to be the recorded one: its numbers are marked wherever they are shown, until something proves it."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from click.testing import CliRunner

from tests.support.placement.goproject import write
from tests.support.profiles import drop, heap
from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

MB, SNAPSHOTS = 1 << 20, 22
SERVICE = {
    "main.py": "import db\n\ndef handler():\n    return db.rows()\n\ndef create_app():\n    return handler\n",
    "db.py": "def open_session():\n    return 1\n",
    "orders/models.py": "class Order:\n    def load(self):\n        return 1\n",
    "orders/routes.py": "def list_orders():\n    return 1\n",
}
LONE = ("handler@/app/main.py:4",)
WHOLE = (
    *LONE,
    "open_session@/app/db.py:2",
    "Order.load@/app/orders/models.py:3",
    "list_orders@/app/orders/routes.py:2",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A service whose files are older than all profiles: what they held is known."""
    write(tmp_path, SERVICE)
    for path in SERVICE:
        os.utime(tmp_path / path, (1, 1))
    return tmp_path


def profiles(folder: Path, *lines: str, begin: int = 0) -> None:
    for i in range(SNAPSHOTS):
        drop(folder / f"profiles/{begin + i}.pb.gz", heap(*(f"{line} = {5 + 3 * i}x{MB}" for line in lines)))


def run(folder: Path, command: str, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(folder)
    return CliRunner().invoke(main, [command, *arguments], catch_exceptions=False).output


def test_a_lone_file_is_marked_and_its_leak_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles(folder, *LONE)
    annotated = run(folder, "annotate", "main.py", "--profiles", "profiles", monkeypatch=monkeypatch)
    assert re.search(r"~\S+ .* 4 .*return db\.rows", annotated)
    assert "nothing proves that the lines are of this file" in annotated
    leaks = run(folder, "leaks", "profiles", "--workspace", ".", monkeypatch=monkeypatch)
    assert "~ Leak:" in leaks
    assert "is a guess" in leaks
    assert "may be another one nearby" not in leaks
    explained = run(folder, "explain", "main.py", monkeypatch=monkeypatch)
    assert "(container or CI root, a guess; your own code)" in explained
    assert "nothing proves that the lines are of this file" in explained
    said = json.loads(run(folder, "leaks", "profiles", "--workspace", ".", "--json", monkeypatch=monkeypatch))
    assert [(one["line"], one["placement"]) for one in said["findings"]] == [(4, "unsure")]


def test_a_program_whose_files_are_all_here_is_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles(folder, *WHOLE)
    annotated = run(folder, "annotate", "main.py", "--profiles", "profiles", monkeypatch=monkeypatch)
    assert re.search(r"\d\S+ .* 4 .*return db\.rows", annotated)
    assert "~" not in annotated
    assert "(root of the build; your own code)" in run(folder, "explain", "main.py", monkeypatch=monkeypatch)
    leaks = run(folder, "leaks", "profiles", "--workspace", ".", monkeypatch=monkeypatch)
    assert (leaks.count("Leak:"), leaks.count("~")) == (4, 0)


def test_what_later_profiles_name_proves_it_for_the_earlier_ones(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles(folder, *LONE)
    assert "~" in run(folder, "annotate", "main.py", "--profiles", "profiles", monkeypatch=monkeypatch)
    profiles(folder, *WHOLE, begin=SNAPSHOTS)
    assert "~" not in run(folder, "annotate", "main.py", "--profiles", "profiles", monkeypatch=monkeypatch)


def test_a_path_mapping_proves_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles(folder, *LONE)
    (folder / "alloclens.toml").write_text('[[pathMappings]]\nfrom = "/app"\nto = "${workspaceFolder}"\n')
    assert "~" not in run(folder, "annotate", "main.py", "--profiles", "profiles", monkeypatch=monkeypatch)


@pytest.mark.programs
@pytest.mark.parametrize("same", [True, False], ids=["of one repository", "beside a repository"])
def test_a_part_of_a_repository_that_is_not_open(folder: Path, monkeypatch: pytest.MonkeyPatch, same: bool) -> None:
    """A service that was made from another one of its repository is not that one."""
    here = folder / "copied"
    write(here, SERVICE | {"alloclens.toml": ""})
    write(folder / "shop", SERVICE)
    Repository(folder if same else here)
    profiles(here, *(line.replace("/app/", "/ci/repo/shop/") for line in WHOLE))
    explained = run(here, "explain", "--all", monkeypatch=monkeypatch)
    assert ("(root of the build; your own code)" in explained) != same
