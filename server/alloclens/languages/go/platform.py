"""The platform that Go builds a file for, as the end of its name says: impl_linux_amd64.go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

SYSTEMS = (
    r"aix|android|darwin|dragonfly|freebsd|illumos|ios|js|linux|netbsd|openbsd|plan9|solaris|wasip1|windows"  # GOOS
)
ARCHITECTURES = r"386|amd64|arm64|arm|loong64|mips64le|mips64|mipsle|mips|ppc64le|ppc64|riscv64|s390x|wasm"  # GOARCH
CONSTRAINED = re.compile(
    rf"[^/]_(?:(?P<system>{SYSTEMS})(?:_(?P<architecture>{ARCHITECTURES}))?|(?P<alone>{ARCHITECTURES}))(?:_test)?\.(?:go|s)$"
)


class Platform(NamedTuple):
    """An operating system and an architecture, each "" if unknown."""

    system: str = ""
    architecture: str = ""


def platform_of(path: str) -> Platform:
    """Return the platform that the name of a file demands."""
    found = CONSTRAINED.search(path)
    return Platform(found["system"] or "", found["architecture"] or found["alone"] or "") if found else Platform()


def common_platform(paths: Iterable[str]) -> Platform:
    """Return the platform of programs that were built from these files. What they disagree on is unknown."""
    each = [platform_of(path) for path in paths]
    systems, architectures = ({*found} - {""} for found in zip(*each, strict=True)) if each else (set(), set())
    return Platform(*(found.pop() if len(found) == 1 else "" for found in (systems, architectures)))


def excludes(path: str, platform: Platform) -> bool:
    """Return whether the name of a file says that it is not built for a platform."""
    return any(wanted and known and wanted != known for wanted, known in zip(platform_of(path), platform, strict=True))
