"""Directories that change while they are listed: what is not touched is in every listing."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from alloclens.session.listing import scan

from tests.fuzz.target import Outcome, measured

if TYPE_CHECKING:
    from random import Random

KEPT = 20
"""Files that nothing happens to, among all others in the order of their names."""
OTHERS = 40
SCANS = 5
DEEDS = ("file", "delete", "loop", "dangling", "directory", "fifo", "closed", "replace", "inside", "hidden", "long")


class Listings:
    """Lines of a deed and a number: what to do to which of the other entries while the directory is scanned."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "profiles"
        self.folder.mkdir()
        self.kept = {str(self.folder / f"{number:03}-kept") for number in range(KEPT)}
        for path in self.kept:
            Path(path).write_bytes(b"x")

    def made(self, rng: Random) -> bytes:
        lines = (f"{rng.choice(DEEDS)} {rng.randrange(OTHERS)}" for _ in range(rng.choice((1, 10, 50))))
        return "\n".join(lines).encode()

    def outcome(self, data: bytes) -> Outcome:
        lines = [line.split() for line in data.decode().split("\n")]
        doing = threading.Thread(target=self.do, args=(lines,))
        doing.start()
        with measured() as clock:
            listings = [scan([str(self.folder)]) for _ in range(SCANS)]
        doing.join()
        for listing in (*listings, scan([str(self.folder)])):
            assert listing.files.keys() >= self.kept
        return Outcome(f"{len(lines)} deeds", clock.seconds / SCANS)

    def do(self, lines: list[list[str]]) -> None:
        deeds = Deeds(self.folder)
        for deed, number in lines:
            deeds.do(deed, int(number))

    def close(self) -> None:
        pass


class Deeds:
    """What may happen in a directory to entries that are named between those that are kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def do(self, deed: str, number: int) -> None:
        """Do one thing to one entry, if it can be done to it."""
        with suppress(OSError):
            getattr(self, deed)(self.path(number))

    def clear(self) -> None:
        """Delete every entry that may have been made."""
        for number in range(OTHERS):
            for path in (self.path(number), self.path(number).with_name(f".{self.path(number).name}")):
                with suppress(OSError):
                    self.delete(path)

    def path(self, number: int) -> Path:
        return self.folder / f"{number % KEPT:03}-{number // KEPT}"

    def file(self, path: Path) -> None:
        with path.open("xb") as file:  # not into a FIFO that is there: nobody reads from it
            file.write(b"x")

    def delete(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
            shutil.rmtree(path)
        else:
            path.unlink()

    def loop(self, path: Path) -> None:
        path.symlink_to(path.name)

    def dangling(self, path: Path) -> None:
        path.symlink_to("nowhere")

    def directory(self, path: Path) -> None:
        path.mkdir()

    def fifo(self, path: Path) -> None:
        os.mkfifo(path)

    def closed(self, path: Path) -> None:
        path.chmod(0)

    def replace(self, path: Path) -> None:
        aside = path.with_name(".aside")
        aside.write_bytes(b"y")
        aside.replace(path)

    def inside(self, path: Path) -> None:
        path.symlink_to(f"{next(self.folder.iterdir())}/inside")  # a file as a directory: ENOTDIR

    def hidden(self, path: Path) -> None:
        path.rename(path.with_name(f".{path.name}"))

    def long(self, path: Path) -> None:
        path.symlink_to("x" * 300)  # ENAMETOOLONG when it is followed
