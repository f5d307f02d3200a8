"""What Go's files say of platforms, as `go help buildconstraint` has it."""

from __future__ import annotations

import pytest
from alloclens.languages.go.platform import Platform, common_platform, demands, excludes, platform_of


@pytest.mark.parametrize(
    ("name", "system", "architecture"),
    [
        ("x/impl_linux.go", "linux", ""),
        ("zsyscall_linux_amd64.go", "linux", "amd64"),
        ("asm_arm64.s", "", "arm64"),
        ("a_windows_test.go", "windows", ""),
        ("linux.go", "", ""),
        ("x/_linux.go", "", ""),
        ("impl_unix.go", "", ""),
        ("linux_impl.go", "", ""),
        ("impl_linux.c", "", ""),
        ("amd64_linux.go", "linux", ""),
    ],
)
def test_the_platform_of_a_file(name: str, system: str, architecture: str) -> None:
    assert platform_of(name) == (system, architecture)


def test_the_platform_of_several_files() -> None:
    assert common_platform([]) == Platform()
    assert common_platform(["a.go", "a_linux.go", "b_linux_amd64.go"]) == ("linux", "amd64")
    assert common_platform(["a_linux.go", "b_windows.go", "c_amd64.s"]) == ("", "amd64")


def test_files_for_other_platforms() -> None:
    names = ["a.go", "a_linux.go", "a_windows.go", "a_amd64.go", "a_linux_arm64.go"]
    assert [one for one in names if excludes(one, "", Platform("linux", "amd64"))] == [
        "a_windows.go",
        "a_linux_arm64.go",
    ]
    assert not any(excludes(one, "", Platform()) for one in names)


@pytest.mark.parametrize(
    ("constraint", "excluded", "demanded"),
    [
        ("linux", False, True),
        ("windows", True, False),
        ("!windows", False, True),
        ("!linux", True, False),
        ("unix", False, True),
        ("!unix", True, False),
        ("linux && arm64", True, False),
        ("linux&&amd64", False, True),
        ("(linux || darwin) && !cgo", False, False),  # it depends on another tag
        ("windows && cgo", True, False),
        ("windows || cgo", False, False),
        ("linux || cgo", False, False),  # others may have the tag, too
        ("!(linux || darwin)", True, False),
        ("go1.22", False, False),
        ("amd64", False, False),  # for all systems
        ("linux && (", False, False),
    ],
)
def test_the_build_line_of_a_file(constraint: str, excluded: bool, demanded: bool) -> None:
    text, platform = f"// Copyright\n\n//go:build {constraint}\n\npackage db\n", Platform("linux", "amd64")
    assert (excludes("a.go", text, platform), demands("a.go", text, platform)) == (excluded, demanded)
    assert not excludes("a.go", text, Platform())
    late = f"package db\n\n//go:build {constraint}\n"
    assert not excludes("a.go", late, platform)
    assert not demands("a.go", late, platform)


def test_a_system_that_has_the_tag_of_another_one() -> None:
    text = "//go:build {}\npackage db\n"
    assert not excludes("a.go", text.format("linux"), Platform("android"))
    assert excludes("a.go", text.format("android"), Platform("linux"))
