"""A server that answers with a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.profiles import heap
from tests.support.server import ProfileServer, profile_server

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = heap("main.f@/a.go:1 = 1x8")


@pytest.fixture
def server() -> Iterator[ProfileServer]:
    with profile_server() as running:
        running.body = GOOD
        yield running
