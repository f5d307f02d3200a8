"""python -m scripts.bench.typing: what a key costs in a Python file of 2,000 lines with 50 recorded ones, hints included."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from tests.support.profiles import drop, heap
from tests.support.raw import RawClient, raw_client

FUNCTION = """def f{0}(a, b):
    x = [a] * {0}
    for y in x:
        b.append(y + {0})
    if b:
        b.extend(bytes({0}))
    return x

"""
FUNCTIONS, KEYS, LINE = 250, 200, 1001


def main() -> None:
    """Measure it where the text that was profiled is known, and where it is not."""
    text = "".join(map(FUNCTION.format, range(FUNCTIONS)))
    for word, saved in (("known", text), ("not known", f"# new\n{text}")):
        with tempfile.TemporaryDirectory() as made:
            path = Path(made, "m.py")
            path.write_text(saved)
            drop(
                Path(made, "profiles/a.pb.gz"),
                heap(*(f"f{i}:{1 + 8 * i}@{path}:{2 + 8 * i} = 1x1048576" for i in range(0, FUNCTIONS, 5))),
            )
            with raw_client(Path(made)) as client:
                print(f"the text then {word}: {1000 * _typed(client, path.as_uri(), text):.1f} ms of CPU a key")


def _typed(client: RawClient, uri: str, text: str) -> float:
    client.start()
    opened = {"uri": uri, "languageId": "python", "version": 0, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": opened})
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 5000, "character": 0}}
    asked: Any = {"textDocument": {"uri": uri}, "range": everything}
    client.until_state(lambda: client.result("textDocument/inlayHint", asked))
    before, at = _seconds(client.process.pid), {"line": LINE, "character": 5}
    for key in range(1, KEYS + 1):
        change = {"range": {"start": at, "end": at}, "text": "x"}
        document = {"uri": uri, "version": key}
        client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        client.result("textDocument/inlayHint", asked)
    return (_seconds(client.process.pid) - before) / KEYS


def _seconds(process: int) -> float:
    """Return the processor time of a process, of the system's for it, too."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
