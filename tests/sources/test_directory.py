"""A series that lies in a directory of other machines gives the findings that it gives as files here."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.formats import read

from tests.support.kept import SNAPSHOTS, findings, run, settings, workspace

if TYPE_CHECKING:
    from click.testing import Result


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory, whose files were written when they were taken."""
    folder = workspace(tmp_path, monkeypatch)
    share = (tmp_path / "kept").rename(tmp_path / "a share")
    for path in share.rglob("*.pb.gz"):
        seconds = read(path.read_bytes()).time_nanos / 1e9
        os.utime(path, (seconds, seconds))
    settings(folder, f"file://{share}".replace(" ", "%20"), kind="directory")
    return share


def fetched(*arguments: object) -> Result:
    return run("fetch", "--into", "p", *arguments)


def test_the_findings_are_those_of_the_files(share: Path) -> None:
    url = f"file://{share}".replace(" ", "%20")
    said = f"prod: directory at {url}: {2 * SNAPSHOTS} files, {2 * SNAPSHOTS} of them heaps of the last hour\n"
    assert run("sources").stdout == said
    got = fetched("--every", "1s")
    assert (got.exit_code, got.stderr, len(got.stdout.splitlines())) == (0, "", 2 * SNAPSHOTS)
    for pod in ("api-a", "api-b"):
        assert findings(Path("p/api", pod)) == findings(share / "api" / pod)
    assert fetched("--every", "1s").stderr == "prod: nothing new\n"


def test_it_is_read_only_if_it_is_allowed(share: Path) -> None:
    toml = Path("alloclens.toml")
    toml.write_text(toml.read_text().replace("a%20share", "a%20share/api"))
    assert fetched().stderr.startswith(f"prod: directory at file://{share.parent}/a%20share/api is not asked until ")
    assert not Path("p").exists()


def test_an_odd_file_hides_no_other(share: Path) -> None:
    odd = share / "api/api-a"
    (odd / "heap.pb.gz").write_text("no profile")
    os.utime(odd / "heap.pb.gz", (time.time() - 90, time.time() - 90))
    (odd / "gone.pb.gz").symlink_to(share / "nothing")
    (odd / "goroutine.pb.gz").write_bytes(b"")
    os.mkfifo(odd / "pipe.pb.gz")
    got = fetched("--every", "1s")
    assert (got.exit_code, len(got.stdout.splitlines())) == (0, 2 * SNAPSHOTS)
    assert got.stderr.count(" is left out: ") == 2


def test_heaps_whose_time_is_still_to_come(share: Path) -> None:
    later = time.time() + 7200
    for path in sorted((share / "api/api-b").iterdir())[:3]:
        os.utime(path, (later, later))
    said = f"{2 * SNAPSHOTS - 3} of them heaps of the last hour, and 3 with a time that is still to come"
    assert said in run("sources").stdout
    note = f"of {SNAPSHOTS} heaps of api/api-b, 3 have a time that is still to come: are the clocks and time zones right?\n"
    assert fetched().stderr.endswith(note)


def test_what_is_not_there(share: Path) -> None:
    assert "but no heap of the last 1 s; the newest is of 20" in fetched("--since", "1s").stderr
    shutil.rmtree(share / "api")
    assert "has no files: is the path in `url` right?" in fetched().stderr
    share.rmdir()
    assert fetched().stderr == f"prod: {share}: No such file or directory\n"


def test_what_is_no_directory(share: Path) -> None:
    for url in ("file://host/share", str(share), "file:///a?b"):
        Path("alloclens.toml").write_text(f'[[sources]]\nname = "prod"\ntype = "directory"\nurl = "{url}"\n')
        assert " is not a directory; use a URL like file:///mnt/profiles" in run("sources").stdout
