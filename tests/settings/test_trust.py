"""What comes with a folder leads nowhere outside it before the user says so."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs
import pytest
from alloclens.session.setup import Setup, setup
from alloclens.settings import trust
from alloclens.settings.trust import Grant, allow, allowed
from alloclens.source.roots import Module

from tests.support.placement.goproject import write

NOWHERE = "profileDirs = []\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write(tmp_path, {"elsewhere/profiles/x": "", "home/p/x": "", "w/profiles/x": ""})
    return tmp_path / "w"


def opened(folder: Path, text: str = "", **given: object) -> Setup:
    (folder / "alloclens.toml").write_text(text)
    return setup((str(folder),), given)


def reached(made: Setup) -> set[str]:
    mapped = {mapping.here for mapping in made.where.roots.mappings}
    return {*made.directories, *made.where.binaries, *mapped}


SETTINGS = {
    "profileDirs": "profileDirs = ['{}']\n",
    "binaries": NOWHERE + "binaries = ['{}']\n",
    "pathMappings": NOWHERE + "\n[[pathMappings]]\nfrom = '/build'\nto = '{}'\n",
}
LINE = {"profileDirs": 1, "binaries": 2, "pathMappings": 5}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize(
    ("written", "leads"),
    [("{}/elsewhere", "{}/elsewhere"), ("../elsewhere", "{}/elsewhere"), ("..", "{}"), ("/", "/"), ("link", "{}/home")],
)
def test_a_settings_file_leads_out_only_where_it_is_allowed(
    folder: Path, setting: str, written: str, leads: str
) -> None:
    (folder / "link").symlink_to(folder.parent / "home")
    written, leads = written.format(folder.parent), leads.format(folder.parent)
    refused = opened(folder, SETTINGS[setting].format(written))
    assert reached(refused) == set()
    where = f"{leads} is outside {folder}" if written == leads else f'"{written}" leads out of {folder}, to {leads}'
    told = f"{setting}: {where}; it is not read. `alloclens allow {folder}` allows it."
    assert refused.problems == ((str(folder / "alloclens.toml"), LINE[setting], told, False),)
    assert [target.grant for target in refused.where.outside] == [Grant(str(folder), setting, leads)]
    allow(target.grant for target in refused.where.outside)
    let = refused.renewed(refused.folders, refused.given)
    assert (reached(let), let.problems, let.where.outside) == ({leads}, (), ())


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("written", ["", ".", "profiles", "gone/below", "{}/w/profiles", "../w/profiles"])
def test_within_the_folder_it_may_lead_anywhere(folder: Path, setting: str, written: str) -> None:
    written = written.format(folder.parent)
    if (setting, written) == ("pathMappings", ""):
        written = "${workspaceFolder}"
    inside = opened(folder, SETTINGS[setting].format(written))
    assert (len(reached(inside)), inside.problems, inside.where.outside) == (1, (), ())


@pytest.mark.parametrize("to", ["~/p", "~", "${workspaceFolder}/..", "${workspaceFolder}/../elsewhere"])
def test_where_a_mapping_may_lead(folder: Path, to: str) -> None:
    made = opened(folder, SETTINGS["pathMappings"].format(to))
    assert (reached(made), len(made.where.outside)) == (set(), 1)


def test_what_the_editor_sets_leads_anywhere(folder: Path) -> None:
    text = SETTINGS["profileDirs"].format("/")
    elsewhere = str(folder.parent / "elsewhere")
    assert reached(opened(folder, text, profileDirs=[elsewhere])) == {elsewhere}
    assert reached(opened(folder, text, profileDirs=None)) == set()
    given = {"profileDirs": [], "binaries": ["../elsewhere"], "pathMappings": [{"from": "/b", "to": "~/p"}]}
    assert reached(opened(folder, text, **given)) == {elsewhere, str(folder.parent / "home/p")}


def test_a_link_under_the_name_of_a_default_leads_out(folder: Path) -> None:
    (folder / "profiles/x").unlink()
    (folder / "profiles").rmdir()
    (folder / "profiles").symlink_to(folder.parent / "elsewhere/profiles")
    made = setup((str(folder),), {})
    assert made.directories == (f"{folder}/.pprof", f"{folder}/pprof")
    assert [(problem.path, str(problem)) for problem in made.problems] == [("", made.where.outside[0].refusal)]
    assert setup((str(folder),), {"profileDirs": ["profiles"]}).directories == (f"{folder.parent}/elsewhere/profiles",)


def test_a_link_that_is_led_elsewhere_later_takes_another_grant(folder: Path) -> None:
    link = folder / "link"
    link.symlink_to("profiles")
    made = opened(folder, SETTINGS["profileDirs"].format("link"))
    assert reached(made) == {f"{folder}/profiles"}
    for target in ("elsewhere", "home"):
        link.unlink()
        link.symlink_to(folder.parent / target)
        made = made.renewed(made.folders, made.given)
        assert reached(made) == set()
        allow(target.grant for target in made.where.outside)
        made = made.renewed(made.folders, made.given)
        assert reached(made) == {str(folder.parent / target)}


def test_caches_and_modules_outside_need_no_grant(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder.parent, {"venv/lib/python3.12/site-packages/x": "", "lib/go.mod": "module example.com/lib\n"})
    monkeypatch.setenv("VIRTUAL_ENV", str(folder.parent / "venv"))
    (folder / "go.work").write_text("use ../lib\n")
    for inside in (folder.parent / "venv/lib/python3.12/site-packages", folder.parent / "lib/sub"):
        assert reached(opened(folder, SETTINGS["pathMappings"].format(inside))) == {str(inside)}


def test_another_machine_is_not_even_asked(folder: Path) -> None:
    for text in SETTINGS.values():
        made = opened(folder, text.format("//server/share"))
        assert reached(made) == set()
        assert [target.path for target in made.where.outside] == ["//server/share"]


def test_of_two_folders_the_first_is_asked_for(folder: Path) -> None:
    other = write(folder.parent / "v", {"x": ""})
    (folder / "alloclens.toml").write_text("profileDirs = ['../elsewhere', 'profiles']\n")
    made = setup((str(folder), str(other)), {})
    assert made.directories == (f"{folder}/profiles", f"{other}/profiles")
    assert [target.grant for target in made.where.outside] == [
        Grant(str(folder), "profileDirs", f"{folder.parent}/elsewhere")
    ]


def test_what_is_allowed_is_kept(folder: Path) -> None:
    one, other = Grant("/w", "binaries", "/b"), Grant("/w", "profileDirs", "/p\udcff")
    allow([one])
    before = trust.stamp()
    allow([other])
    assert allowed() == {one, other}
    assert trust.stamp() != before
    kept = Path(platformdirs.user_data_dir("alloclens", appauthor=False), "allowed.json")
    assert kept.is_relative_to(folder.parent)
    if os.name == "posix":
        assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_more_than_can_be_kept_leaves_what_is_kept(folder: Path) -> None:
    one = Grant(str(folder), "binaries", "/b")
    allow([one])
    with pytest.raises(OSError, match="would be larger than 1 MiB"):
        allow(Grant(str(folder), "pathMappings", f"/{n}{'/a' * 2000}") for n in range(300))
    assert allowed() == {one}


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'[["/w", "binaries"]]', b'[["/w", "binaries", 3]]', b"[" * 100_000, b"\xff"]
)
def test_a_damaged_file_allows_nothing(folder: Path, data: bytes) -> None:
    allow([Grant(str(folder), "profileDirs", "/")])
    Path(platformdirs.user_data_dir("alloclens", appauthor=False), "allowed.json").write_bytes(data)
    assert allowed() == frozenset()
    allow([Grant("/w", "binaries", "/b")])
    assert allowed() == {Grant("/w", "binaries", "/b")}


@pytest.mark.parametrize("verb", ["use {}\n", "replace example.com/x => {}\n"])
def test_a_go_mod_leads_to_go_modules_alone(folder: Path, verb: str) -> None:
    home, tmp = folder.parent / "home", folder.parent
    write(
        tmp,
        {
            "go.mod": "module example.com/x\n",
            "home/go.mod": "module example.com/x\n",
            "x/go.mod": "module example.com/x\n",
        },
    )
    (folder / "x").symlink_to(home / "p")
    for target in ("/", str(home), str(tmp), "..", "../elsewhere", "//server/share", "x", "~"):
        (folder / "go.work").write_text(verb.format(target))
        assert [m for m in setup((str(folder),), {}).where.roots.modules if m.directory != str(tmp)] == [], target
    (folder / "go.work").write_text(verb.format("../x"))
    found = setup((str(folder),), {}).where.roots.modules
    assert Module("example.com/x", str(tmp / "x"), main=verb.startswith("use")) in found


def test_a_go_mod_that_is_a_link_out_of_the_folder_is_not_read(folder: Path) -> None:
    write(folder.parent, {"elsewhere/go.mod": "module example.com/x\n"})
    (folder / "go.mod").symlink_to(folder.parent / "elsewhere/go.mod")
    assert setup((str(folder),), {}).where.roots.modules == ()


def test_a_link_to_packages_counts_if_it_leads_to_packages(folder: Path) -> None:
    write(
        folder.parent, {"venv/lib/python3.12/site-packages/x.py": "", "home/secret": "", "other/node_modules/x.js": ""}
    )
    (folder / ".venv/lib/python3.11").mkdir(parents=True)
    (folder / ".venv/lib/python3.11/site-packages").symlink_to(folder.parent / "home")
    (folder / ".venv/lib/python3.12").symlink_to(folder.parent / "venv/lib/python3.12")
    (folder / "node_modules").symlink_to(folder.parent / "home")
    (folder / "venv").symlink_to(folder.parent / "home")
    assert {p.directory for p in setup((str(folder),), {}).where.roots.packages} == {
        f"{folder.parent}/venv/lib/python3.12/site-packages"
    }


def test_an_environment_variable_is_not_of_the_working_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, {"lib/python3.12/site-packages/x": "", "registry/src/x/y": "", "juliaup/j/share/julia/x": ""})
    monkeypatch.chdir(folder)
    for name in ("VIRTUAL_ENV", "CARGO_HOME", "RUSTUP_HOME", "JULIA_DEPOT_PATH"):
        monkeypatch.setenv(name, ".")
    assert setup((str(folder),), {}).where.roots.packages == ()
