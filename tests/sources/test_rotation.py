"""What `--keep` removes, and what it never does."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from alloclens.session.listing import scan
from alloclens.sources.capture_files import SUFFIX, write
from alloclens.sources.rotation import LIST, enlist, prune, unlisted

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, timezone.utc)
MANY = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from alloclens.sources.capture_files import SUFFIX, write
from alloclens.sources.rotation import enlist, prune

directory, kind, count, keep = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for i in range(count):
    path = write(directory, kind, datetime.now(timezone.utc), b"%d" % i)
    enlist(path, b"%d" % i)
    for problem in prune(directory, kind, keep, path):
        sys.exit(problem)
"""


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "profiles").mkdir()
    return tmp_path / "profiles"


def captured(directory: Path, number: int = 1, kind: str = "heap", start: datetime = MOMENT) -> list[Path]:
    """Write some captures, a second apart."""
    made = [write(directory, kind, start + timedelta(seconds=i), b"%d" % i) for i in range(number)]
    for path in made:
        enlist(path, path.read_bytes())
    return made


def left(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.name.endswith(SUFFIX))


def test_the_oldest_of_a_kind_go(profiles: Path) -> None:
    other, made = captured(profiles, 3, "allocs"), captured(profiles, 5)
    assert prune(profiles, "heap", 2, made[-1]) == []
    assert left(profiles) == sorted([*other, *made[-2:]])
    assert sorted(path.name for path in (profiles / LIST).iterdir()) == [path.name for path in left(profiles)]


def test_the_oldest_go_first_within_one_millisecond(profiles: Path) -> None:
    made = [captured(profiles)[0] for _ in range(11)]
    prune(profiles, "heap", 2, made[-1])
    assert left(profiles) == sorted(made[9:])


def test_files_that_only_have_such_names_stay(profiles: Path) -> None:
    theirs = [profiles / f"heap-2025010{i}T030405.678Z.pb.gz" for i in range(1, 4)]
    theirs += [profiles / "heap-mine.pb.gz", profiles / "my-heap-20260102T030405.678Z.pb.gz"]
    for path in theirs:
        path.write_bytes(b"0")
    made = captured(profiles, 2)
    assert unlisted(profiles, "heap") == 3
    assert prune(profiles, "heap", 1, made[-1]) == []
    assert left(profiles) == sorted([*theirs, made[-1]])


def test_the_newest_stays_if_the_clock_was_set_back(profiles: Path) -> None:
    made = captured(profiles, 3)
    (new,) = captured(profiles, start=MOMENT - timedelta(days=1))
    prune(profiles, "heap", 2, new)
    assert left(profiles) == sorted([new, *made[1:]])


def test_a_capture_that_was_changed_or_replaced_stays(profiles: Path) -> None:
    changed, directory, link, *made = captured(profiles, 5)
    changed.write_bytes(b"edited")
    for path in (directory, link):
        path.unlink()
    directory.mkdir()
    link.symlink_to(made[-1])
    problems = prune(profiles, "heap", 1, made[-1])
    assert left(profiles) == sorted([changed, directory, link, made[-1]])
    assert len(problems) == 1
    assert changed.name in problems[0]


@pytest.mark.parametrize("damage", [b"", b"\0" * 64, b"x" * 5000])
def test_a_damaged_entry_protects_its_capture(profiles: Path, damage: bytes) -> None:
    made = captured(profiles, 3)
    (profiles / LIST / made[0].name).write_bytes(damage)
    assert len(prune(profiles, "heap", 1, made[-1])) == 1
    assert left(profiles) == [made[0], made[2]]


@pytest.mark.parametrize("how", ["missing", "a file", "a link"])
def test_without_a_list_nothing_goes(profiles: Path, tmp_path: Path, how: str) -> None:
    made = captured(profiles, 3)
    (profiles / LIST).rename(tmp_path / "elsewhere")
    if how == "a file":
        (profiles / LIST).write_text("\n".join(path.name for path in made))
    elif how == "a link":
        (profiles / LIST).symlink_to(tmp_path / "elsewhere")
    assert prune(profiles, "heap", 1, made[-1]) == []
    assert left(profiles) == made
    assert unlisted(profiles, "heap") == 3
    assert len(list((tmp_path / "elsewhere").iterdir())) == 3


@pytest.mark.parametrize("how", ["a file", "a link"])
def test_a_list_that_is_none_is_not_written_to(profiles: Path, tmp_path: Path, how: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    if how == "a file":
        (profiles / LIST).touch()
    else:
        (profiles / LIST).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"xist|symbolic link"):
        captured(profiles)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_fifo_in_the_list_does_not_hang(profiles: Path) -> None:
    made = captured(profiles, 3)
    entry = profiles / LIST / made[0].name
    entry.unlink()
    os.mkfifo(entry)
    assert "not a regular file" in prune(profiles, "heap", 1, made[-1])[0]
    assert left(profiles) == [made[0], made[2]]


SETTINGS = {
    "labels.toml": '"{name}" = "after load"',
    "../alloclens.toml": 'base = "{name}"',
    "../pyproject.toml": '[tool.alloclens]\nhead = "{name}"',
    "../.vscode/settings.json": '{{\n  // the base\n  "alloclens.base": "{name}",\n}}',
}


@pytest.mark.parametrize("file", SETTINGS)
@pytest.mark.parametrize("words", [False, True])
def test_what_a_person_chose_stays(profiles: Path, file: str, words: bool) -> None:
    made = captured(profiles, 4)
    (profiles / file).parent.mkdir(exist_ok=True)
    name = "20260102t030406" if words else made[1].name
    (profiles / file).write_text(SETTINGS[file].format(name=name))
    assert prune(profiles, "heap", 1, made[-1]) == []
    assert left(profiles) == [made[1], made[3]]


def test_settings_of_the_working_directory_count_for_profiles_elsewhere(
    profiles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work" / "deeper").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work" / "deeper")
    made = captured(profiles, 3)
    (tmp_path / "work" / "alloclens.toml").write_text(f'base = "{made[0].name}"')
    prune(profiles, "heap", 1, made[-1])
    assert left(profiles) == [made[0], made[2]]


def test_a_settings_file_that_is_broken_still_protects(profiles: Path) -> None:
    made = captured(profiles, 3)
    (profiles / "labels.toml").write_bytes(b'\xff = [\n"%s" = "aft' % made[0].name.encode())
    prune(profiles, "heap", 1, made[-1])
    assert left(profiles) == [made[0], made[2]]


@pytest.mark.parametrize("file", SETTINGS)
def test_a_settings_file_that_cannot_be_read_protects_all(profiles: Path, file: str) -> None:
    made = captured(profiles, 3)
    (profiles / file).mkdir(parents=True)
    with pytest.raises(OSError, match="may name a capture"):
        prune(profiles, "heap", 1, made[-1])
    assert left(profiles) == made


def test_entries_of_captures_that_are_gone_are_forgotten(profiles: Path) -> None:
    made = captured(profiles, 3)
    made[0].unlink()
    prune(profiles, "heap", 5, made[-1])
    assert sorted(path.name for path in (profiles / LIST).iterdir()) == [path.name for path in made[1:]]


@pytest.mark.programs
def test_half_an_entry_of_a_killed_capture_is_swept_when_it_is_old(profiles: Path) -> None:
    (path,) = captured(profiles)
    killed = "import os, sys; os.fsync = lambda _: os._exit(9); from alloclens.disk import write_file; from pathlib import Path; "
    subprocess.run(
        [sys.executable, "-c", killed + "write_file(Path(sys.argv[1]), b'x')", profiles / LIST / "x"], check=False
    )
    (half,) = (profiles / LIST).glob(".*")
    enlist(path, path.read_bytes())
    assert half.exists(), "it is young"
    os.utime(half, (0, 0))
    enlist(path, path.read_bytes())
    assert not half.exists()


def test_the_store_takes_nothing_of_it_for_a_profile(profiles: Path) -> None:
    made = captured(profiles, 2)
    found = scan([str(profiles)])
    assert sorted(found.files) == [str(path) for path in made]
    assert found.faults == {}


@pytest.mark.programs
def test_several_captures_into_one_directory(profiles: Path) -> None:
    """Two processes of one kind and one of another, at once: what is there at the end is listed, and is what was to be kept."""
    command = [sys.executable, "-c", MANY, str(profiles)]
    running = [subprocess.Popen([*command, kind, "100", "5"]) for kind in ("heap", "heap", "allocs")]
    assert [child.wait(100) for child in running] == [0, 0, 0]
    names = [path.name for path in left(profiles)]
    assert sorted(path.name for path in (profiles / LIST).iterdir()) == names
    kinds = [name.split("-")[0] for name in names]
    assert kinds.count("allocs") == 5
    assert 5 <= kinds.count("heap") <= 6, "one may be written while the other counts"
    made = captured(profiles)
    assert prune(profiles, "heap", 1, made[-1]) == []
