"""What the user calls snapshots, written beside them: what else the file says stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.settings import labels
from alloclens.settings.file_names import LABELS

if TYPE_CHECKING:
    from pathlib import Path

KEPT = '# of the release\n"a.pb.gz" = \'before\'  # all caches empty\n\n"b.pb.gz" = "after"\n'


@pytest.mark.parametrize(
    ("text", "name", "label", "made"),
    [
        ("", "a.pb.gz", "after load", '"a.pb.gz" = "after load"\n'),
        (KEPT, "c.pb.gz", "idle", f'{KEPT}"c.pb.gz" = "idle"\n'),
        (KEPT, "a.pb.gz", "cold", KEPT.replace("'before'", '"cold"')),
        (KEPT, "b.pb.gz", "", KEPT.replace('"b.pb.gz" = "after"\n', "")),
        (KEPT, "c.pb.gz", "", KEPT),
        (KEPT.replace("\n", "\r\n"), "b.pb.gz", "x", KEPT.replace("after", "x").replace("\n", "\r\n")),
        (f"\ufeff{KEPT}", "b.pb.gz", "x", f"\ufeff{KEPT.replace('after', 'x')}"),
        ("", 'with "quotes".pb', 'a "b" \\ é', '"with \\"quotes\\".pb" = "a \\"b\\" \\\\ é"\n'),
    ],
)
def test_the_rest_stays(text: str, name: str, label: str, made: str) -> None:
    assert labels.with_label(text, name, label) == made


@pytest.mark.parametrize("text", ["a = ", '"a.pb.gz" = "x"\n"a.pb.gz" = "y"\n', "[" * 9999])
def test_what_is_broken_is_not_made_worse(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        labels.with_label(text, "a.pb.gz", "x")


def test_a_table_stays_behind_the_labels() -> None:
    made = labels.with_label("[other]\nkey = 1\n", "a.pb.gz", "x")
    assert made.index("a.pb.gz") < made.index("[other]")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    snapshot = tmp_path / "heap.0007.pb.gz"
    labels.write(str(snapshot), "  after\n load ")
    assert labels.read([str(tmp_path)]) == ({str(snapshot): "after load"}, ())
    file = tmp_path / LABELS
    file.chmod(0o640)
    labels.write(str(tmp_path / "b.pb.gz"), "second")
    assert set(labels.read([str(tmp_path)]).of.values()) == {"after load", "second"}
    assert file.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == [LABELS]


def test_the_last_label_takes_the_file_with_it(tmp_path: Path) -> None:
    labels.write(str(tmp_path / "a.pb.gz"), "x")
    labels.write(str(tmp_path / "a.pb.gz"), "")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_a_directory_has_no_labels(tmp_path: Path) -> None:
    (tmp_path / "profiles").write_text("a program")
    assert labels.read([str(tmp_path / "profiles")]) == ({}, ())


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "shared.toml").write_text('"b.pb.gz" = "x"\n')
    (tmp_path / LABELS).symlink_to(tmp_path / "shared.toml")
    labels.write(str(tmp_path / "a.pb.gz"), "y")
    assert (tmp_path / LABELS).is_symlink()
    assert '"a.pb.gz" = "y"' in (tmp_path / "shared.toml").read_text()


def test_a_link_out_of_the_workspace_is_not_followed(tmp_path: Path) -> None:
    """Neither is what it leads to read, nor is it written."""
    profiles, elsewhere = tmp_path / "w" / "profiles", tmp_path / "elsewhere.toml"
    profiles.mkdir(parents=True)
    elsewhere.write_text('"a.pb.gz" = "x"\n')
    (profiles / LABELS).symlink_to(elsewhere)
    (problem,) = labels.read([str(profiles)], [str(tmp_path / "w")]).problems
    assert problem.reason == f"a symbolic link that leads out of the workspace, to {elsewhere}"
    for label in ("y", ""):
        with pytest.raises(OSError, match="leads out of the workspace"):
            labels.write(str(profiles / "a.pb.gz"), label, [str(tmp_path / "w")])
    assert elsewhere.read_text() == '"a.pb.gz" = "x"\n'
    assert labels.read([str(profiles)], [str(tmp_path)]).of == {str(profiles / "a.pb.gz"): "x"}


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / LABELS
    for data, error in ((b"x" * (labels.LARGEST + 1), OSError), (b'"a" = "\xff"', ValueError)):
        file.write_bytes(data)
        with pytest.raises(error):
            labels.write(str(tmp_path / "a.pb.gz"), "x")
        assert file.read_bytes() == data
    file.unlink()
    file.mkdir()
    with pytest.raises(OSError, match=r"."):
        labels.write(str(tmp_path / "a.pb.gz"), "x")
