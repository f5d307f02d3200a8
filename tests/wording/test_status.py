"""The line in the status bar."""

from __future__ import annotations

import pytest
from alloclens.wording.status import shortened


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("a-name-of-24-characters.", "a-name-of-24-characters."),
        ("before-the-change.pb.gz", "before-the-change.pb.gz"),
        ("before-the-large-change.pb.gz", "before-the-large-change"),
        ("heap-20261129T174420.143Z.pb.gz", "heap-202611…T174420.143Z"),
        ("BenchmarkRender-204349.out", "BenchmarkRender-204349"),
        ("the-service-of-the-front-desk", "the-service…e-front-desk"),
    ],
)
def test_a_long_name_keeps_its_end(name: str, short: str) -> None:
    assert shortened(name) == short
    assert len(short) <= 24
