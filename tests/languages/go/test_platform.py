"""What the names of Go's files say of platforms, as `go help buildconstraint` has it."""

from __future__ import annotations

import pytest
from alloclens.languages.go.platform import Platform, common_platform, excludes, platform_of


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
    assert [one for one in names if excludes(one, Platform("linux", "amd64"))] == ["a_windows.go", "a_linux_arm64.go"]
    assert not any(excludes(one, Platform()) for one in names)
