"""Which of several services is shown, and what they are called."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.kinds import ProfileKind
from alloclens.session.choice import Choice, is_elsewhere, matching, names, services_with, with_chosen
from alloclens.session.once import world
from alloclens.wording import shown_series
from alloclens.wording.nothing import processes

from tests.support.profiles import drop, goroutines, heap, profile

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from alloclens.session.world import World

MB = 1 << 20
SHARED = "package store\n\nfunc Put() { kept = append(kept, 1) }\n"


def service(folder: Path, name: str, *snapshots: str, at: str = "profiles", shared: bool = True) -> None:
    """Write a program of a monorepo, its profiles, and with `shared` what it holds through a package of them all."""
    main = folder / f"services/{name}/main.go"
    main.parent.mkdir(parents=True, exist_ok=True)
    main.write_text("package main\n\nfunc main() { serve() }\n\nfunc serve() { kept = append(kept, 1) }\n")
    (folder / "store").mkdir(exist_ok=True)
    (folder / "store/store.go").write_text(SHARED)
    (folder / "go.mod").write_text("module example.com/shop\n")
    for number, snapshot in enumerate(snapshots, 1):
        stacks = [f"main.serve:5@{main}:5 = {number}x{MB}"]
        if shared:
            stacks.append(f"example.com/shop/store.Put:3@{folder}/store/store.go:3 < main.serve:5@{main}:5 = 1x{MB}")
        drop(folder / at / name / snapshot, heap(*stacks))


def read(folder: Path, **settings: Any) -> World:
    return world([str(folder)], None, settings)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    service(tmp_path, "api", "1.pb.gz", "2.pb.gz")
    service(tmp_path, "web", "1.pb.gz", "2.pb.gz")  # the newest
    return tmp_path


def shown(known: World) -> str:
    return names(known)[known.services[0]] if known.comparisons else known.missing


@pytest.mark.parametrize(
    ("active", "name"),
    [
        ("", "web"),
        ("services/api/main.go", "api"),
        ("services/api/handlers/new.go", "api"),
        ("services/web/main.go", "web"),
        ("store/store.go", "web"),
        ("README.md", "web"),
    ],
)
def test_the_series_follows_the_active_file(shop: Path, active: str, name: str) -> None:
    made = with_chosen(read(shop), Choice(active=active and f"{shop}/{active}"))
    assert shown(made) == name
    assert {one.series.directory for one in made.comparisons} == {str(shop / "profiles" / name)}
    assert {one.series.directory for one in made.beyond} == {str(shop / "profiles" / ({"api", "web"} - {name}).pop())}
    assert {one.series.directory for one in made.judged} == {str(shop / "profiles" / name)}


@pytest.mark.parametrize("active", ["", "services/api/main.go", "store/store.go"])
def test_a_new_file_never_changes_it(shop: Path, active: str) -> None:
    """Neither of another service nor of a new one, not even if that has the active file."""
    path = active and f"{shop}/{active}"
    before = with_chosen(read(shop), Choice(active=f"{shop}/services/api/main.go"))
    service(shop, "web", "3.pb.gz")
    service(shop, "worker", "1.pb.gz")
    now = with_chosen(read(shop), Choice(active=path, before=before.services[0], stays=True))
    assert shown(before) == shown(now) == "api"
    service(shop, "api", "3.pb.gz", "4.pb.gz")
    for old in ("1.pb.gz", "2.pb.gz"):
        (shop / "profiles/api" / old).unlink()  # as --keep does
    assert shown(with_chosen(read(shop), Choice(active=path, before=now.services[0], stays=True))) == "api"


def test_a_series_without_profiles_gives_way_to_one_that_has_lines_of_the_file(shop: Path) -> None:
    api, store = f"{shop}/services/api/main.go", f"{shop}/store/store.go"
    before = with_chosen(read(shop), Choice(active=api)).services[0]
    shutil.rmtree(shop / "profiles/api")
    without = read(shop)
    stayed = with_chosen(without, Choice(active=api, before=before, stays=True))
    assert (stayed.shown, stayed.comparisons, stayed.judged) == (None, (), ())
    assert shown_series.missing(stayed) == "the series api has no profiles any more; there is web"
    for active, stays in ((store, True), ("", True), (api, False)):
        assert shown(with_chosen(without, Choice(active=active, before=before, stays=stays))) == "web"
    service(shop, "api", "3.pb.gz")
    assert shown(with_chosen(read(shop), Choice(active=api, before=before, stays=True))) == "api"


def test_a_file_of_a_package_that_both_use_keeps_what_is_shown(shop: Path) -> None:
    whole = read(shop)
    for name in ("api", "web"):
        before = with_chosen(whole, Choice(active=f"{shop}/services/{name}/main.go")).services[0]
        assert shown(with_chosen(whole, Choice(active=f"{shop}/store/store.go", before=before))) == name


def test_a_file_of_a_package_that_one_uses_is_of_that_one(tmp_path: Path) -> None:
    service(tmp_path, "api", "1.pb.gz")
    service(tmp_path, "web", "1.pb.gz", shared=False)
    assert shown(with_chosen(read(tmp_path), Choice(active=f"{tmp_path}/store/store.go"))) == "api"


def instances(folder: Path, snapshots: int, **leaked: int) -> None:
    """Write the snapshots of instances of a service, each of which keeps so many more objects in each; the newest is the last."""
    main = folder / "main.go"
    main.write_text("package main\n\nfunc main() { serve() }\n\nfunc serve() { kept = append(kept, 1) }\n")
    for i in range(snapshots):
        for number, (name, more) in enumerate(leaked.items()):
            stacks = (
                f"main.serve:5@{main}:5 = {20 + more * i}x{MB}",
                f"main.main:3@{main}:3 = {20 - i % 2}x{MB}/{20 + i}",
            )
            made = heap(*stacks, seconds=1_790_000_000 + 60 * i + number)
            drop(folder / f"profiles/api/{name}/{i:03}.pb.gz", made)


def test_the_instance_that_leaks_is_shown_first(tmp_path: Path) -> None:
    instances(tmp_path, 24, a=0, b=4, c=9, d=0)
    whole = read(tmp_path)
    assert shown(with_chosen(whole, Choice())) == "api/c"
    assert shown(with_chosen(replace(whole, pending=1), Choice())) == "api/d"
    assert shown(with_chosen(whole, Choice("api/a"))) == "api/a"
    of = {names(whole)[service]: service for service in whole.services}
    for before, now in (("api/a", "api/c"), ("api/b", "api/b")):  # one whose verdict is the same stays
        assert shown(with_chosen(whole, Choice(before=of[before]))) == now
        assert shown(with_chosen(whole, Choice(before=of[before], stays=True, fetched=True))) == now
        assert shown(with_chosen(whole, Choice(before=of[before], stays=True))) == before


def test_an_instance_that_leaks_does_not_hide_another_service(tmp_path: Path) -> None:
    service(tmp_path, "web", "1.pb.gz", "2.pb.gz")
    instances(tmp_path, 24, a=3, b=0)
    active = f"{tmp_path}/services/web/main.go"
    web = with_chosen(read(tmp_path), Choice(active=active))
    assert shown(web) == "web"
    assert (
        shown(with_chosen(read(tmp_path), Choice(active=active, before=web.services[0], stays=True, fetched=True)))
        == "web"
    )


def test_the_chosen_one_is_shown_whatever_is_active(shop: Path) -> None:
    whole = read(shop)
    made = with_chosen(whole, Choice("api", f"{shop}/services/web/main.go", whole.services[0]))
    assert (shown(made), made.missing) == ("api", "")
    assert names(made) == names(whole)
    assert [names(whole)[one] for one in services_with(made, f"{shop}/services/web/main.go")] == ["web"]
    assert services_with(made, f"{shop}/services/api/main.go") == []


def test_a_chosen_one_that_is_not_there_shows_no_other(shop: Path) -> None:
    made = with_chosen(read(shop), Choice("worker", f"{shop}/services/web/main.go"))
    assert (made.shown, made.comparisons, made.judged, made.missing) == (None, (), (), "worker")
    assert len(made.services) == len(made.beyond) == 2


def test_a_chosen_head_is_of_the_series_that_has_it(shop: Path) -> None:
    service(shop, "api", *(f"{i}.pb.gz" for i in range(1, 5)))
    service(shop, "web", "1.pb.gz")
    made = with_chosen(read(shop, head="4.pb.gz"), Choice(active=f"{shop}/services/web/main.go"))
    assert (shown(made), made.shown.head.name) == ("api", "4.pb.gz")


def test_a_program_from_elsewhere_is_not_followed(shop: Path) -> None:
    drop(shop / "profiles/other/1.pb.gz", heap(f"main.run:3@/srv/other/main.go:3 = 9x{MB}"))
    made = with_chosen(read(shop), Choice())
    assert shown(made) == "web"
    other = with_chosen(read(shop), Choice("other"))
    assert is_elsewhere(other.shown)
    assert not is_elsewhere(made.shown)


def test_a_series_is_of_this_workspace_if_any_kind_of_its_profiles_is(tmp_path: Path) -> None:
    service(tmp_path, "api", "goroutine.pb.gz", shared=False)
    main = f"{tmp_path}/services/api/main.go"
    drop(tmp_path / "profiles/api/goroutine.pb.gz", goroutines(f"main.serve:5@{main}:5 = 3"))
    drop(tmp_path / "profiles/api/heap.pb.gz", heap(f"main.run:3@/srv/other/main.go:3 = 9x{MB}"))
    made = with_chosen(read(tmp_path), Choice())
    assert is_elsewhere(made.shown)
    assert shown_series.notes(made) == []


@pytest.mark.parametrize("said", ["web", "profiles/web", "shop/profiles/web"])
def test_what_a_series_may_be_called(tmp_path: Path, said: str) -> None:
    folder = tmp_path / "shop"
    service(folder, "api", "1.pb.gz")
    service(folder, "web", "1.pb.gz")
    known = read(folder)
    assert [one.directory for one in matching(known, said)] == [str(folder / "profiles/web")]
    assert matching(known, "eb") == []


def test_names_are_as_long_as_they_must_be(tmp_path: Path) -> None:
    service(tmp_path, "api", "1.pb.gz")
    service(tmp_path, "api", "1.pb.gz", at="pprof")
    service(tmp_path, "eu", "1.pb.gz", at="profiles/web")
    drop(tmp_path / ".pprof/1.pb.gz", heap(f"main.serve:5@{tmp_path}/services/api/main.go:5 = 1x{MB}"))
    assert sorted(names(read(tmp_path)).values()) == [".pprof", "pprof/api", "profiles/api", "web/eu"]


def test_processes_and_programs_of_one_directory_have_names_of_their_own(tmp_path: Path) -> None:
    """Two programs, and two processes of a third that write in turn."""
    service(tmp_path, "api", "1.pb.gz")
    for program in ("one", "two"):
        stacks = (f"main.{program}{i}@{tmp_path}/{program}/main.go:{i} = 1x{MB}" for i in range(1, 15))
        drop(tmp_path / "profiles" / f"{program}.pb.gz", heap(*stacks))
    found = sorted(names(read(tmp_path)).values())
    assert found == ["api", "profiles", "profiles, program 2"]


def heaps_of_other_languages(folder: Path) -> list[World]:
    """Return the worlds before and after a heap profile of JavaScript came into the directory of one of Go."""
    service(folder, "api", "../1.pb.gz", "../2.pb.gz")
    before = with_chosen(read(folder), Choice())
    (folder / "app.js").write_text("keep()\n")
    drop(folder / "profiles/3.pb.gz", profile("inuse_space/bytes", f"keep:1@{folder}/app.js:1 = {MB}"))
    now = with_chosen(read(folder), Choice(before=before.services[0], stays=True))
    return [before, now, with_chosen(read(folder), Choice(active=f"{folder}/app.js"))]


def test_a_heap_of_another_language_beside_it_hides_nothing(tmp_path: Path) -> None:
    before, now, other = heaps_of_other_languages(tmp_path)
    assert [made.shown.head.name for made in (before, now, other)] == ["2.pb.gz", "2.pb.gz", "3.pb.gz"]
    assert sorted(names(now).values()) == ["profiles", "profiles, program 2"]


def test_a_heap_of_replicas_is_shown_before_kinds_that_do_not_tell_them_apart(tmp_path: Path) -> None:
    """Two processes write in turn: a heap each, and then their goroutines, of which nothing says whose they are."""
    service(tmp_path, "api")
    main = tmp_path / "services/api/main.go"
    for turn in range(1, 7):
        for process, size in enumerate((1, 50)):
            stacks = (f"main.f{i}:5@{main}:5 = {turn}x{MB}/{size * (i + turn + 5)}" for i in range(12))
            drop(tmp_path / f"profiles/heap.{process}.{turn}.pb.gz", heap(*stacks))
    for turn in range(1, 7):
        for process, count in enumerate((500, 20)):
            held = goroutines(f"main.serve:5@{main}:5 = {count + turn}")
            drop(tmp_path / f"profiles/goroutine.{process}.{turn}.pb.gz", held)
    whole = read(tmp_path)
    assert sorted(names(whole).values()) == ["profiles", "profiles, process 1", "profiles, process 2"]
    for active in ("", str(main)):
        assert with_chosen(whole, Choice(active=active)).shown.series.kind is ProfileKind.HEAP
    beside = with_chosen(whole, Choice("profiles")).shown
    assert (beside.series.kind, beside.base, beside.series.is_mixed) == (ProfileKind.GOROUTINE, None, True)
    told, not_told = processes(whole.series)
    assert told.startswith("2 processes wrote to ")
    assert not_told.startswith("Of the goroutine profiles in ")


def test_names_are_printable_and_choose_what_they_name(tmp_path: Path) -> None:
    service(tmp_path, "a\u202eb", "1.pb.gz")
    service(tmp_path, "web", "1.pb.gz")
    known = read(tmp_path)
    assert sorted(names(known).values()) == ["a\\u202eb", "web"]
    assert [match.directory for match in matching(known, "a\\u202eb")] == [str(tmp_path / "profiles/a\u202eb")]
    assert [match.directory for match in matching(known, "a\u202eb")] == [str(tmp_path / "profiles/a\u202eb")]
