"""Everything that can be fuzzed. A new target is one file with a class and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.targets import caches, commands, listings, messages, profiles, servers, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fuzz.target import Target

TARGETS: dict[str, Callable[[Path], Target]] = {
    "profiles": profiles.Profiles,
    "settings": settings.SettingsFiles,
    "modules": settings.ModuleFiles,
    "caches": caches.Caches,
    "listings": listings.Listings,
    "servers": servers.Servers,
    "commands": commands.Commands,
    "messages": messages.Messages,
}
"""By name; each is made with an empty folder of its own."""
