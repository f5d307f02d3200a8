"""A server that answers as Azure's Blob Storage does, which obstore asks: one container of the emulator's account."""

from __future__ import annotations

import contextlib
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.support.server import profile_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.support.server import ProfileServer

ACCOUNT, CONTAINER = "devstoreaccount1", "profiles"
URL = f"https://{ACCOUNT}.blob.core.windows.net/{CONTAINER}"
MAX_RESULTS = 50
"""In one answer, so that there are several."""


@contextlib.contextmanager
def serving(objects: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[ProfileServer]:
    """Serve objects by their names, where the tools of Azure look for their emulator."""
    with profile_server() as server:
        server.headers = {"ETag": '"1"', "Last-Modified": formatdate(0, usegmt=True)}
        server.answers = lambda path, _: answer(objects, path)
        monkeypatch.setenv("AZURE_STORAGE_USE_EMULATOR", "true")
        monkeypatch.setenv("AZURITE_BLOB_STORAGE_URL", server.url)
        yield server


def answer(objects: dict[str, bytes], path: str) -> bytes:
    parts = urlsplit(path)
    account, container, *names = unquote(parts.path).lstrip("/").split("/", 2)
    assert (account, container) == (ACCOUNT, CONTAINER)
    if names:
        return objects[names[0]]
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (query["restype"], query["comp"]) == ("container", "list")
    below = [name for name in sorted(objects) if name.startswith(query["prefix"])]
    begin = int(query.get("marker", 0))
    found = "".join(
        f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{formatdate(0, usegmt=True)}</Last-Modified>"
        f"<Etag>0x1</Etag><Content-Length>{len(objects[name])}</Content-Length>"
        "<Content-Type>application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>"
        for name in below[begin : begin + MAX_RESULTS]
    )
    after = begin + MAX_RESULTS if len(below) > begin + MAX_RESULTS else ""
    marker = f"<NextMarker>{after}</NextMarker>"
    return f"<EnumerationResults><Blobs>{found}</Blobs>{marker}</EnumerationResults>".encode()
