"""Java's profiles without files: the class and its package lead to the source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main as cli
from alloclens.profile.formats import read
from alloclens.profile.model import Frame
from alloclens.session import once
from alloclens.source.recorded import Origin
from alloclens.transform.jvm_files import with_jvm_files
from click.testing import CliRunner

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.profile.model import Profile


def frames(profile: Profile) -> set[Frame]:
    return {profile.frame(row) for row in profile.stack_frames.tolist()}


def test_methods_get_the_file_of_their_class() -> None:
    stack = "com.shop.Cart$Item.<init>@:12 < com/shop/Cart.add@:5 < com.shop.Main.lambda$main$0@:3 < start_thread@:0 < main.f@:1"
    profile = with_jvm_files(read(heap(f"{stack} = 1x8")))
    assert frames(profile) == {
        Frame("com.shop.Cart$Item.<init>", "com/shop/Cart.java", 12),
        Frame("com/shop/Cart.add", "com/shop/Cart.java", 5),
        Frame("com.shop.Main.lambda$main$0", "com/shop/Main.java", 3),
        Frame("start_thread", "", 0),
        Frame("main.f", "", 1),
    }


def test_the_class_that_kotlin_makes_of_a_file() -> None:
    profile = with_jvm_files(read(heap("com/shop/TillKt.main@:5 < com/shop/Kt.run@:3 = 1x8")))
    assert {frame.file for frame in frames(profile)} == {"com/shop/Till.kt", "com/shop/Kt.java"}


@pytest.mark.parametrize(("caller", "file"), [("java/lang/Thread.run", "Main.java"), ("start", "")])
def test_a_class_in_no_package_is_one_only_in_a_program_of_the_jvm(caller: str, file: str) -> None:
    profile = with_jvm_files(read(heap(f"Main.keep@:5 < {caller}@:3 = 1x8")))
    assert Frame("Main.keep", file, 5) in frames(profile)


def test_a_profile_with_files_stays() -> None:
    profile = read(heap("com.shop.Cart.add@:5 < main.main@main.go:1 = 1x8"))
    assert with_jvm_files(profile) is profile


def test_the_package_leads_to_the_source(tmp_path: Path) -> None:
    for package in ("shop", "other"):
        source = tmp_path / f"src/main/java/com/{package}/Cart.java"
        source.parent.mkdir(parents=True)
        source.write_text(f"package com.{package};\n\nclass Cart {{\n  void add() {{\n    keep();\n  }}\n}}\n")
    stacks = [f"java.util.ArrayList.grow@:237 < com.{package}.Cart.add@:5 = 1x1048576" for package in ("shop", "other")]
    drop(tmp_path / "profiles/heap.pb.gz", heap(*stacks))
    sources = once.world([str(tmp_path)], [str(tmp_path / "profiles")], {}).sources
    for package in ("shop", "other"):
        place = sources.place(f"com/{package}/Cart.java")
        assert place.path == (tmp_path / f"src/main/java/com/{package}/Cart.java").as_posix()
        assert place.own
        assert not place.guessed
    assert sources.origin("java/util/ArrayList.java") is Origin.STANDARD


def test_a_class_leads_to_the_file_that_declares_it(tmp_path: Path) -> None:
    source = tmp_path / "app/src/main/kotlin/model.kt"
    source.parent.mkdir(parents=True)
    source.write_text(
        "package com.shop\n\nclass Cart {\n  fun add() {\n    keep()\n  }\n}\n\nfun main() {\n  Cart().add()\n}\n"
    )
    frames = "com/shop/Cart.add@:5", "com/shop/ModelKt.main@:10", "org/lib/Pool.run@:7", "java/lang/Thread.run@:3"
    drop(tmp_path / "profiles/heap.pb.gz", heap(f"{' < '.join(frames)} = 1x1048576"))
    sources = once.world([str(tmp_path)], [str(tmp_path / "profiles")], {}).sources
    for file in ("com/shop/Cart.java", "com/shop/Model.kt"):
        place = sources.place(file)
        assert (place.path, place.own, place.guessed) == (source.as_posix(), True, False)
    assert sources.origin("org/lib/Pool.java") is Origin.DEPENDENCY


def test_top_names_no_file_that_the_profile_does_not(tmp_path: Path) -> None:
    file = drop(tmp_path / "heap.pb.gz", heap("net/harbor/Harbor.main@:21 < java/lang/Thread.run@:1 = 1x1048576"))
    said = CliRunner().invoke(cli, ["top", str(file)]).output
    assert "net/harbor/Harbor.main line 21" in said
    assert ".java" not in said
    assert "on no line" not in said
    beside = drop(tmp_path / "cart.pb.gz", heap("net/harbor/Harbor.main@Main.kt:21 = 1x1048576"))
    assert "net/harbor/Harbor.main Main.kt:21" in CliRunner().invoke(cli, ["top", str(beside)]).output
