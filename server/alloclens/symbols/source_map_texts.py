"""The source texts that a source map holds."""

from __future__ import annotations

import msgspec

from alloclens.typed import ready


@ready
class _SourceMap(msgspec.Struct):
    """What a source map says of the files that it is made from. One of sections has none itself."""

    sources: list[str | None] = []
    sources_content: list[str | None] | None = msgspec.field(name="sourcesContent", default=None)
    source_root: str | None = msgspec.field(name="sourceRoot", default=None)


def texts_in(source_map: bytes) -> dict[str, str]:
    """Return the texts of the sources that have any in a source map (JSON), by their names; none if it cannot be read."""
    try:
        read = msgspec.json.decode(source_map, type=_SourceMap)
    except (msgspec.DecodeError, UnicodeDecodeError):  # symbolic reads more, such as a first line that is no JSON
        return {}
    root = f"{read.source_root.rstrip('/')}/" if read.source_root else ""
    pairs = zip(read.sources, read.sources_content or (), strict=False)
    return {f"{root}{name}": text for name, text in pairs if name and text}
