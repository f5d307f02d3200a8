"""A server that answers as the XML API of Google Cloud Storage does, which obstore asks: one bucket, and credentials that name it."""

from __future__ import annotations

import contextlib
import json
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.support.server import profile_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tests.support.server import ProfileServer

BUCKET = "profiles"
WRITTEN = "2026-11-29T12:00:00.000Z"


@contextlib.contextmanager
def serving(objects: dict[str, bytes], home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProfileServer]:
    """Serve objects by their names."""
    with profile_server() as server:
        server.headers = {"ETag": '"1"', "Last-Modified": formatdate(0, usegmt=True)}
        server.answers = lambda path, _: answer(objects, path)
        service_account = {"gcs_base_url": server.url, "disable_oauth": True}
        empty = dict.fromkeys(("client_email", "private_key", "private_key_id"), "")
        (home / "gcs.json").write_text(json.dumps({**service_account, **empty}))
        monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(home / "gcs.json"))
        yield server


def answer(objects: dict[str, bytes], path: str) -> bytes:
    parts = urlsplit(path)
    bucket, _, name = unquote(parts.path).lstrip("/").partition("/")
    assert bucket == BUCKET
    if name:
        return objects[name]
    query = parse_qs(parts.query)
    assert query["list-type"] == ["2"]
    found = "".join(
        f"<Contents><Key>{escape(key)}</Key><LastModified>{WRITTEN}</LastModified><Size>{len(data)}</Size>"
        f'<ETag>"1"</ETag></Contents>'
        for key, data in sorted(objects.items())
        if key.startswith(query["prefix"][0])
    )
    return f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>".encode()
