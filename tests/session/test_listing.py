"""What lies in a directory: one odd entry never hides another, and what is not known is not taken for gone."""

from __future__ import annotations

import gzip
import os
import random
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from alloclens.disk import Stamp, is_absent
from alloclens.session import listing
from alloclens.session.listing import DANGLING, LONG_SCAN_SECONDS, POLL_COST, Scan, Where, gone, look, scan, settled
from alloclens.session.once import world
from alloclens.session.setup import setup
from alloclens.wording.status import nothing

from tests.support.profiles import drop, heap
from tests.support.unprivileged import open_directory, unprivileged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

A, B = Stamp(1, 1, 1), Stamp(2, 1, 1)
LOOP = "Too many levels of symbolic links"


def names(found: Scan) -> set[str]:
    return {path.rpartition(os.sep)[2] for path in found.files}


def faults(found: Scan) -> dict[str, str]:
    return {path.rpartition(os.sep)[2]: why for path, why in found.faults.items()}


def test_a_listing_is_files_that_may_be_profiles(tmp_path: Path) -> None:
    for name in (
        "a.pb.gz",
        "heap",
        "B.PPROF",
        ".hidden",
        "x.tmp",
        "y~",
        "z.part",
        "doc.go",
        "lib.rs",
        "A.java",
        "x.h",
        "README.md",
        "shop.test",  # what `go test -memprofile` leaves beside the profile
    ):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "folder")
    found = scan([str(tmp_path), str(tmp_path / "none"), str(tmp_path / "heap")])
    assert (names(found), found.faults) == ({"a.pb.gz", "heap", "B.PPROF"}, {})


@pytest.mark.skipif(os.name == "nt", reason="Windows has no mode of executable files")
def test_what_profilers_write_into_a_working_directory(tmp_path: Path) -> None:
    written = [
        *("jeprof.387.0.i0.heap", "shop.0001.heap", "Heap.20260101.101010.1.0.001.heapprofile"),
        *("dhat.out.123", "alloc-profile.pb.gz"),
    ]
    others = [
        "main.c",
        "data",
        "notes.txt",
        "x.pb.gz",
        "heap",
        ".heap",
        "dhat.out.txt",
        "package.json",
        "shop.heap.txt",
    ]
    for name in (*written, *others, "deep/shop.0001.heap", "dir.heap/shop.0002.heap"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "dhat-heap.json").write_text('{"dhatFileVersion":2}')
    folder = str(tmp_path)
    found = scan([str(tmp_path / "profiles")], [folder], 2, (), [folder, str(tmp_path / "none")])
    assert (names(found), found.faults) == ({*written, "dhat-heap.json"}, {})
    assert folder in found.packages  # so what is no profile is not said to be one that cannot be read
    assert found.directories == (str(tmp_path / "profiles"),)
    assert len(names(scan([folder], [folder], 0, (), [folder]))) > len(
        names(found)
    )  # a directory of profiles stays one


@pytest.mark.parametrize(("given", "count"), [({}, 1), ({"profileDirs": ["profiles"]}, 0)])
def test_the_opened_folder_is_a_working_directory_unless_others_are_named(
    tmp_path: Path, given: dict[str, Any], count: int
) -> None:
    assert len(setup((str(tmp_path),), given).working) == count


def test_a_program_beside_its_profiles_is_none(tmp_path: Path) -> None:
    program = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00" + bytes(100)
    for name, data, mode in (
        ("shop", program, 0o755),
        ("run", b"#!/bin/sh\n", 0o755),
        ("shop.heap", b"heap profile:", 0o644),
    ):
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(mode)
    assert names(scan([str(tmp_path)])) == {"run", "shop.heap"}


def test_of_json_only_profiles_are_listed_and_each_is_opened_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dhat-heap.json").write_text('{\n"dhatFileVersion": 2')
    (tmp_path / "package.json").write_text('{"name": "dhatFileVersion"}')
    (tmp_path / "EMPTY.JSON").write_text("")
    os.mkdir(tmp_path / "folder.json")
    assert names(scan([str(tmp_path)])) == {"dhat-heap.json"}
    monkeypatch.setattr(listing, "open_file", pytest.fail)
    assert names(scan([str(tmp_path)])) == {"dhat-heap.json"}
    monkeypatch.undo()
    (tmp_path / "package.json").write_text('{"dhatFileVersion":2,')
    (tmp_path / "packed.json").write_bytes(gzip.compress(b'{"dhatFileVersion":2}'))
    (tmp_path / "utf-16.json").write_text('{"dhatFileVersion":2}', encoding="utf-16")
    assert names(scan([str(tmp_path)])) == {"dhat-heap.json", "package.json", "packed.json", "utf-16.json"}


def put_loop(path: Path) -> str:
    path.symlink_to(path.name)
    return LOOP


def put_link_through_a_file(path: Path) -> str:
    path.symlink_to("a.pb.gz/x")
    return "Not a directory"


def put_long_link(path: Path) -> str:
    path.symlink_to("x" * 300)
    return "File name too long"


def put_dangling_link(path: Path) -> str:
    path.symlink_to("gone")
    return DANGLING


def put_link_outside(path: Path) -> str:
    path.symlink_to("/etc/hostname")
    return f"a symbolic link that leads out of the workspace, to {os.path.realpath('/etc/hostname')}{listing.ADVICE}"


def put_fifo(path: Path) -> str:
    os.mkfifo(path)
    return "not a regular file"


ODD = (put_loop, put_link_through_a_file, put_long_link, put_dangling_link, put_link_outside, put_fifo)


@pytest.mark.skipif(os.name == "nt", reason="Windows has other faults")
@pytest.mark.parametrize("put", ODD, ids=lambda put: put.__name__)
@pytest.mark.parametrize("name", ["0", "odd", "z"])
def test_an_odd_entry_hides_no_other(tmp_path: Path, put: Callable[[Path], str], name: str) -> None:
    profiles = {f"{c}.pb.gz" for c in "abcdefgh"}
    for profile in sorted(profiles):
        drop(tmp_path / profile, heap(f"main.f@{tmp_path}/main.go:1 = 1x8"))
    reason = put(tmp_path / name)
    found = scan([str(tmp_path)])
    assert (names(found), faults(found)) == (profiles, {name: reason})
    known = world([str(tmp_path)], [str(tmp_path)], {})
    assert sum(len(series.snapshots) for series in known.series) == len(profiles)
    assert [(problem.name, problem.reason) for problem in known.problems] == [(name, reason)]


def test_an_entry_that_cannot_be_followed_hides_no_other() -> None:
    with open_directory() as root:
        for name in ("p", "closed"):
            (root / name).mkdir()
            (root / name / name).write_bytes(b"x")
        (root / "p" / "b").symlink_to(root / "closed" / "closed")
        os.chmod(root / "closed", 0)
        with unprivileged():
            found = scan([str(root / "p")], [str(root)])
        assert (names(found), faults(found)) == ({"p"}, {"b": "Permission denied"})


@pytest.mark.parametrize("mode", [0o000, 0o300, 0o400, 0o600])
def test_a_directory_that_is_closed_is_unknown(mode: int) -> None:
    with open_directory() as root:
        (root / "p").mkdir()
        (root / "p" / "a").write_bytes(b"x")
        before = scan([str(root / "p")])
        os.chmod(root / "p", mode)
        with unprivileged():
            after = scan([str(root / "p")])
            assert gone(before.files, after, after) == []
        assert (after.files, faults(after)) == ({}, {"p": "Permission denied"})
        os.chmod(root / "p", 0o700)
        assert scan([str(root / "p")]) == before


@pytest.mark.skipif(os.name == "nt", reason="Windows makes links for administrators only")
def test_links_are_followed_within_the_workspace(tmp_path: Path) -> None:
    """The same three files under as many names, listed from a directory alone and from a workspace's."""
    for name in ("w/p/a", "w/b", "out/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "w/to").symlink_to(tmp_path / "out")
    for name, target in (("1", "a"), ("2", "../b"), ("3", "../../out/c"), ("4", "../to/c"), ("5", "../../w/p/1")):
        (tmp_path / "w/p" / name).symlink_to(target)
    profiles, folder = str(tmp_path / "w/p"), str(tmp_path / "w")
    assert names(scan([profiles])) == {"a", "1", "5"}
    found = scan([profiles], [folder])
    assert (names(found), set(faults(found))) == ({"a", "1", "2", "5"}, {"3", "4"})
    assert names(scan([profiles, str(tmp_path / "out")], [folder])) == {"a", "1", "2", "3", "4", "5", "c"}


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def within(folder: Path, paths: Iterable[str]) -> list[str]:
    return sorted(os.path.relpath(path, folder).replace(os.sep, "/") for path in paths)


@pytest.mark.parametrize(("depth", "names"), [(0, ["top"]), (1, ["api/a", "top"]), (2, ["api/a", "api/eu/b", "top"])])
def test_directories_are_listed_down_to_a_depth(tmp_path: Path, depth: int, names: list[str]) -> None:
    put(tmp_path, "top", "api/a", "api/eu/b", "api/eu/1/c", ".git/d", "api/.cache/e")
    found = scan([str(tmp_path)], depth=depth)
    assert (within(tmp_path, found.files), found.faults) == (names, {})
    assert within(tmp_path, found.directories) == [".", "api", "api/eu"][: depth + 1]


def test_a_directory_below_two_others_is_listed_once(tmp_path: Path) -> None:
    """Named itself, it is listed as deep as the others."""
    put(tmp_path, "api/a", "api/1/2/b")
    found = scan([str(tmp_path), str(tmp_path / "api"), str(tmp_path)], depth=2)
    assert within(tmp_path, found.files) == ["api/1/2/b", "api/a"]
    assert len(found.directories) == len(set(found.directories)) == 4


def test_test_data_of_a_package_is_no_series(tmp_path: Path) -> None:
    """Like those of net/http/pprof and github.com/google/pprof, which have profiles in testdata."""
    put(
        tmp_path,
        "pprof/pprof.go",
        "pprof/testdata/go.crc32.cpu",
        "profiles/driver/driver.go",
        "profiles/driver/testdata/cpu",
    )
    put(tmp_path, "profiles/api/heap", "profiles/web/package.json", "profiles/web/dist/app")
    found = scan([str(tmp_path / "pprof"), str(tmp_path / "profiles")], depth=2)
    assert within(tmp_path, found.files) == ["profiles/api/heap"]


@pytest.mark.parametrize("mark", ["__init__.py", "doc.go", "mod.rs"])
def test_files_of_a_package_are_no_profiles_that_cannot_be_read(tmp_path: Path, mark: str) -> None:
    """A package may be named profiles, but a profile in it still counts, and a damaged one is reported."""
    folder = tmp_path / "app/profiles"
    put(folder, mark, "py.typed", "data.csv", "migrations/0001.csv")
    drop(folder / "heap.pb.gz", heap("main.f@/w/main.go:1 = 1x8"))
    (folder / "cut.pb.gz").write_bytes(heap("main.f@/w/main.go:1 = 1x8")[:-9])
    known = world([str(tmp_path)], [str(folder)], {})
    assert ([p.name for p in known.problems], known.shown.head.name) == (["cut.pb.gz"], "heap.pb.gz")
    (folder / mark).unlink()
    known = world([str(tmp_path)], [str(folder)], {})
    assert [p.name for p in known.problems] == ["cut.pb.gz", "data.csv", "0001.csv", "py.typed"]


@pytest.mark.parametrize("source", ["fetch.py", "package.json", "plot.js", "main.rs"])
def test_a_source_file_beside_them_hides_no_services(tmp_path: Path, source: str) -> None:
    put(tmp_path, source, "heap", "api/heap", "web/eu/heap")
    found = scan([str(tmp_path)], depth=2)
    assert (within(tmp_path, found.files), found.closed) == (["api/heap", "heap", "web/eu/heap"], ())


@pytest.mark.parametrize(
    ("files", "depth", "closed"),
    [
        (["doc.go", "heap", "testdata/heap"], 2, ["."]),
        (["go.mod", "testdata/heap"], 1, ["."]),
        (["api/plot.py", "api/heap", "api/eu/heap"], 2, ["api"]),
        (["doc.go", "heap"], 2, []),
        (["doc.go", "heap", "testdata/heap"], 0, []),
    ],
)
def test_directories_that_are_not_listed_because_of_sources_are_told(
    tmp_path: Path, files: list[str], depth: int, closed: list[str]
) -> None:
    put(tmp_path, *files)
    found = scan([str(tmp_path)], depth=depth)
    assert within(tmp_path, found.closed) == closed
    listed = [name for name in ("heap", "api/heap") if name in files]
    assert within(tmp_path, found.files) == listed
    known = world([str(tmp_path)], [str(tmp_path)], {"profileDepth": depth})
    assert known.closed == found.closed
    assert nothing(known).count("because it holds source code") == len(closed)


@pytest.mark.skipif(os.name == "nt", reason="Windows makes links for administrators only")
def test_a_link_to_a_directory_is_not_followed_and_said_to_be(tmp_path: Path) -> None:
    put(tmp_path, "w/profiles/api/a", "w/other/b")
    (tmp_path / "w/profiles/link").symlink_to(tmp_path / "w/other")
    (tmp_path / "w/profiles/api/up").symlink_to(tmp_path / "w/profiles")
    (tmp_path / "w/profiles/around").symlink_to("..")
    (tmp_path / "w/profiles/out").symlink_to("../..")
    profiles, other = str(tmp_path / "w/profiles"), str(tmp_path / "w/other")
    found = scan([profiles], [str(tmp_path / "w")], 2)
    assert within(tmp_path, found.files) == ["w/profiles/api/a"]
    outside = f"a symbolic link that leads out of the workspace, to {tmp_path}{listing.ADVICE_DIRECTORY}"
    around = listing.LINKED_ABOVE.format(tmp_path / "w")
    assert faults(found) == {"link": listing.LINKED.format(other), "around": around, "out": outside}
    assert set(faults(scan([profiles, other], [str(tmp_path / "w")], 2))) == {"around", "out"}


@pytest.mark.skipif(os.name == "nt", reason="Windows makes links for administrators only")
def test_a_directory_that_became_a_link_has_no_files(tmp_path: Path) -> None:
    """They would be gone after a restart, too."""
    put(tmp_path, "profiles/api/heap", "profiles/web/heap")
    before = scan([str(tmp_path / "profiles")], [str(tmp_path)], 1)
    (tmp_path / "profiles/api").rename(tmp_path / "moved")
    (tmp_path / "profiles/api").symlink_to("../moved")
    after = scan([str(tmp_path / "profiles")], [str(tmp_path)], 1)
    assert set(faults(after)) == {"api"}
    assert within(tmp_path, gone(before.files, after, after)) == ["profiles/api/heap"]


def test_many_directories_are_bounded_and_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, *(f"{i}/heap" for i in range(6)), "0/deeper/heap")
    monkeypatch.setattr(listing, "MAX_DIRECTORIES", 4)
    found = scan([str(tmp_path)], depth=2)
    assert within(tmp_path, found.files) == ["0/heap", "1/heap", "2/heap", "3/heap"]
    assert faults(found) == {"4": listing.MORE_DIRECTORIES}


def test_many_entries_of_directories_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, *(f"{i}" for i in range(9)), *(f"a/{i}" for i in range(4)), *(f"b/{i}" for i in range(4)), "c/0")
    monkeypatch.setattr(listing, "MAX_ENTRIES", 6)
    found = scan([str(tmp_path)], depth=1)
    assert len(found.files) == 9 + 6
    assert faults(found) == {"b": listing.TOO_FULL, "c": listing.TOO_FULL}


@pytest.mark.parametrize("closed", ["p", "p/api", "p/api/eu"])
def test_nothing_is_known_below_a_directory_that_is_closed(closed: str) -> None:
    with open_directory() as root:
        put(root, "p/a", "p/api/b", "p/api/eu/c")
        before = scan([str(root / "p")], depth=2)
        os.chmod(root / closed, 0)
        with unprivileged():
            after = scan([str(root / "p")], depth=2)
            assert gone(before.files, after, after) == []
        os.chmod(root / closed, 0o700)
    assert faults(after) == {closed.rpartition("/")[2]: "Permission denied"}
    assert within(root, after.files) == [
        name for name in ("p/a", "p/api/b", "p/api/eu/c") if not name.startswith(closed)
    ]


def test_files_too_deep_for_the_settings_now_are_gone(tmp_path: Path) -> None:
    put(tmp_path, "a", "api/b")
    before, after = scan([str(tmp_path)], depth=1), scan([str(tmp_path)])
    assert within(tmp_path, gone(before.files, after, after)) == ["api/b"]
    assert gone(before.files, before, after) == []


@pytest.fixture
def each_entry(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], None]], None]:
    """Have something done whenever a directory yields an entry."""
    scandir = os.scandir

    def install(act: Callable[[str], None]) -> None:
        class Entries:
            def __init__(self, directory: str) -> None:
                self.entries = list(scandir(directory))

            def __enter__(self) -> Iterator[Any]:
                for entry in self.entries:
                    act(entry.path)
                    yield entry

            def __exit__(self, *_: object) -> None:
                pass

        monkeypatch.setattr(os, "scandir", Entries)

    return install


def test_a_file_deleted_under_our_eyes_hides_no_other(
    tmp_path: Path, each_entry: Callable[[Callable[[str], None]], None]
) -> None:
    for i in range(20):
        (tmp_path / f"{i}").write_bytes(b"x")

    def rotate(path: str) -> None:
        if int(os.path.basename(path)) % 2:
            os.unlink(path)

    each_entry(rotate)
    found = scan([str(tmp_path)])
    assert (names(found), found.faults) == ({str(i) for i in range(0, 20, 2)}, {})


def test_a_listing_that_breaks_off_is_not_whole(
    tmp_path: Path, each_entry: Callable[[Callable[[str], None]], None]
) -> None:
    for i in range(20):
        (tmp_path / f"{i}").write_bytes(b"x")
    before, seen = scan([str(tmp_path)]), 0

    def break_off(_path: str) -> None:
        nonlocal seen
        seen += 1
        if seen > 5:
            raise OSError(116, "Stale file handle")

    each_entry(break_off)
    after = scan([str(tmp_path)])
    assert (len(after.files), after.faults) == (5, {str(tmp_path): "Stale file handle"})
    for path in before.files:
        os.unlink(path)
    assert gone(before.files, before, after) == []


def test_what_is_gone_is_missed_by_every_scan_and_has_no_name(tmp_path: Path) -> None:
    p = str(tmp_path)
    for name in ("there", "scanned once", "odd"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "directory").mkdir()
    known = {f"{p}/{name}": A for name in ("there", "scanned once", "odd", "gone", "directory")}
    first, second = Scan({}, {f"{p}/odd": "why"}, (p,)), Scan({f"{p}/scanned once": A}, {}, (p,))
    os.unlink(tmp_path / "scanned once")
    os.unlink(tmp_path / "odd")
    assert gone(known, first, second) == [f"{p}/gone", f"{p}/directory"]
    assert gone(known, Scan({}, {}, (p,)), Scan({}, {p: "why"}, (p,))) == []


@pytest.mark.parametrize("instead", [None, "file", "loop"])
def test_a_directory_that_became_something_else(tmp_path: Path, instead: str | None) -> None:
    """One that is missing, or a file, holds nothing for certain; of a loop of links nothing is known."""
    profiles = tmp_path / "p"
    profiles.mkdir()
    (profiles / "a").write_bytes(b"x")
    before = scan([str(profiles)])
    (profiles / "a").unlink()
    profiles.rmdir()
    if instead == "file":
        profiles.write_bytes(b"x")
    elif instead == "loop":
        profiles.symlink_to(profiles)
    after = scan([str(profiles)])
    assert after == Scan({}, {str(profiles): LOOP} if instead == "loop" else {}, (str(profiles),))
    assert gone(before.files, after, after) == ([] if instead == "loop" else list(before.files))


def test_what_has_settled() -> None:
    before, after = Scan({"a": A, "b": A}, {"x": "1"}), Scan({"a": A, "b": B, "c": A}, {"x": "2", "y": "3"})
    assert settled(before, after) == Scan({"a": A}, {"x": "2"})


@pytest.mark.parametrize(("name", "absent"), [("missing", True), ("a", False), ("a/b", True), ("x" * 300, False)])
def test_absent(tmp_path: Path, name: str, absent: bool) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert is_absent(str(tmp_path / name)) is absent


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows makes links for administrators only")
def test_what_stays_is_in_every_listing_whatever_else_changes(tmp_path: Path) -> None:
    stays = {f"{chr(c)}-stays" for c in range(ord("a"), ord("z"))}
    for name in stays:
        (tmp_path / name).write_bytes(b"x")
    changes = [
        lambda path: path.write_bytes(b"x"),
        lambda path: path.unlink(missing_ok=True),
        lambda path: path.symlink_to(path.name),
        lambda path: path.symlink_to("x" * 300),
        lambda path: path.symlink_to("a-stays"),
        lambda path: path.symlink_to("nowhere"),
        lambda path: path.rename(path.with_name(f"{path.name}-moved")),
        lambda path: path.mkdir(),
        lambda path: path.rmdir(),
    ]
    done = threading.Event()

    def change() -> None:
        rng = random.Random(1)
        while not done.is_set():
            with suppress(OSError):
                rng.choice(changes)(tmp_path / f"{rng.choice('abcdefghijklmnopqrstuvwxyz')}-changes")

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(500):
            found = scan([str(tmp_path)])
            assert stays <= names(found)
            assert not faults(found).keys() & {tmp_path.name, *stays}
    finally:
        done.set()
        changing.join()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fifos")
def test_looking_at_what_was_touched_finds_what_a_scan_finds(tmp_path: Path) -> None:
    profiles, rng = tmp_path / "profiles", random.Random(3)
    (profiles / "api").mkdir(parents=True)
    (tmp_path / "aside").write_bytes(b"x")
    changes: list[Callable[[Path], object]] = [
        lambda path: path.unlink(missing_ok=True) or path.write_bytes(b"x" * rng.randrange(1, 9)),
        lambda path: path.unlink(),
        lambda path: path.symlink_to(tmp_path / "aside"),
        lambda path: path.symlink_to("nowhere"),
        lambda path: path.symlink_to("/etc/hosts"),
        lambda path: path.rename(path.with_name("moved")),
        os.mkfifo,
        lambda path: path.mkdir(),
        lambda path: path.rmdir(),
    ]
    where = Where((str(profiles),), (str(tmp_path),), 2)
    before, same = look(where, [str(profiles)])._replace(seconds=LONG_SCAN_SECONDS), 0
    for _ in range(400):
        folder = rng.choice((profiles, profiles / "api"))
        path = folder / rng.choice(("a", "b.json", "c.heap", "d.go", ".hidden", "moved"))
        with suppress(OSError):
            rng.choice(changes)(path)
        now = scan(*where)
        if after := before.touched({str(path), str(folder / "moved")}):
            assert (after.found.files, after.found.faults) == (now.files, now.faults)
            same += 1
        before = (after or before)._replace(at=time.monotonic(), found=now)
    assert same > 100, "it hardly ever looked at the files alone"


@pytest.mark.parametrize(("seconds", "is_faster"), [(LONG_SCAN_SECONDS, True), (0.99 * LONG_SCAN_SECONDS, False)])
def test_only_a_long_list_is_looked_at_in_part(tmp_path: Path, seconds: float, is_faster: bool) -> None:
    before = look(Where((str(tmp_path),)), [])._replace(seconds=seconds)
    (tmp_path / "heap").write_bytes(b"x")
    after = before.touched([str(tmp_path / "heap")])
    assert bool(after) == is_faster
    assert not after or names(after.found) == {"heap"}


def test_a_whole_scan_follows_when_it_is_due(tmp_path: Path) -> None:
    before = look(Where((str(tmp_path),)), [])._replace(seconds=LONG_SCAN_SECONDS)
    assert before.touched([]) is not None
    assert before._replace(at=time.monotonic() - POLL_COST * LONG_SCAN_SECONDS).touched([]) is None
