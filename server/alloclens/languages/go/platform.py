"""The platforms that Go builds a file for, as its name (impl_linux_amd64.go) and its `//go:build` line say."""

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


BUILD = re.compile(r"^//go:build (.+)$", re.MULTILINE)
PACKAGE = re.compile(r"^package ", re.MULTILINE)
TOKEN = re.compile(r"&&|\|\||[!()]|[^\s&|!()]+")
NOT_UNIX = frozenset({"js", "plan9", "wasip1", "windows"})
IMPLIED = {"android": "linux", "illumos": "solaris", "ios": "darwin"}
"""Systems that also have the tag of another one."""


class Platform(NamedTuple):
    """An operating system and an architecture, each "" if unknown."""

    system: str = ""
    architecture: str = ""


def platform_of(path: str) -> Platform:
    """Return the platform that the name of a file demands."""
    match = CONSTRAINED.search(path)
    return Platform(match["system"] or "", match["architecture"] or match["alone"] or "") if match else Platform()


def common_platform(paths: Iterable[str]) -> Platform:
    """Return the platform of programs that were built from these files. What they disagree on is unknown."""
    platforms = [platform_of(path) for path in paths]
    systems, architectures = (
        ({*names} - {""} for names in zip(*platforms, strict=True)) if platforms else (set(), set())
    )
    return Platform(*(names.pop() if len(names) == 1 else "" for names in (systems, architectures)))


def excludes(path: str, text: str, platform: Platform) -> bool:
    """Return whether the name or the text of a file says that it is not built for a platform."""
    by_name = zip(platform_of(path), platform, strict=True)
    return any(named and known and named != known for named, known in by_name) or _admits(text, platform) is False


def demands(path: str, text: str, platform: Platform) -> bool:
    """Return whether a file is for some systems only, and a platform's system is one of them."""
    if not platform.system or excludes(path, text, platform):
        return False
    admitted = (_admits(text, Platform(system)) for system in SYSTEMS.split("|"))
    return platform_of(path).system == platform.system or (_admits(text, platform) is True and False in admitted)


def _admits(text: str, platform: Platform) -> bool | None:
    """Return whether the `//go:build` line of a text holds for a platform; None if that is unknown or there is none."""
    start = PACKAGE.search(text)
    line = BUILD.search(text, 0, start.start()) if start else None
    tokens = TOKEN.findall(line[1])[::-1] if line else []
    return _either(tokens, platform) if tokens else None


def _either(tokens: list[str], platform: Platform) -> bool | None:
    """Take the alternatives off the end of the reversed tokens. What depends on other tags is unknown."""
    values = [_both(tokens, platform)]
    while tokens and tokens[-1] == "||":
        tokens.pop()
        values.append(_both(tokens, platform))
    return True if True in values else None if None in values else False


def _both(tokens: list[str], platform: Platform) -> bool | None:
    values = [_one(tokens, platform)]
    while tokens and tokens[-1] == "&&":
        tokens.pop()
        values.append(_one(tokens, platform))
    return False if False in values else None if None in values else True


def _one(tokens: list[str], platform: Platform) -> bool | None:
    negated = False
    while tokens and tokens[-1] == "!":
        tokens.pop()
        negated = not negated
    word = tokens.pop() if tokens else ""
    if word == "(":
        value = _either(tokens, platform)
        del tokens[-1:]
    else:
        value = _has(word, platform)
    return value if value is None else value is not negated


def _has(tag: str, platform: Platform) -> bool | None:
    """Return whether a build for a platform has a tag."""
    system, architecture = platform
    if tag in SYSTEMS.split("|") and system:
        return tag in {system, IMPLIED.get(system)}
    if tag == "unix" and system:
        return system not in NOT_UNIX
    return tag == architecture if tag in ARCHITECTURES.split("|") and architecture else None
