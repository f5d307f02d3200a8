"""The evidence of all snapshots together is the union of theirs, whatever came and went."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.disk import stamp
from alloclens.session import known as store_known
from alloclens.session.known import Known
from alloclens.session.reading import Reader
from alloclens.source.evidence import AllEvidence, RecordedName, evidence, key_of
from alloclens.source.roots import Roots

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", range(30))
def test_it_is_the_union_of_what_is_there(seed: int) -> None:
    dice = random.Random(seed)
    made = AllEvidence()
    there: list[dict[str, list[str]]] = []
    for _ in range(40):
        made.changed.clear()
        before = dict(made.functions)
        if there and dice.random() < 0.4:
            made.drop(evidence(there.pop(dice.randrange(len(there)))).digest)
        else:
            names = {f"/{dice.choice('ab')}.go": dice.sample(["f", "g", "h"], dice.randint(0, 3)) for _ in range(2)}
            there.append(names)
            found = evidence(names)
            made.add(found.digest, {found.digest: found.keys}, found)
        united: dict[str, set[str]] = {}
        for names in there:
            for file, functions in names.items():
                united.setdefault(file, set()).update(functions or [""])
        assert made.functions == {file: tuple(sorted(functions)) for file, functions in united.items()}
        assert made.changed >= {f for f in before | made.functions if before.get(f) != made.functions.get(f)}
        column = made.column(key_of)
        for found in map(evidence, there):
            assert column[made.rows(found.digest)].tolist() == found.keys.tolist()
            assert sorted(made.files(found.digest)) == sorted(set(found.files))


def test_it_follows_from_the_names_alone() -> None:
    one = evidence({"/a.go": ("f", "g"), "/b.go": (), "": ("no file",)})
    other = evidence({"/b.go": [], "/a.go": ["g", "f", "g"]})
    assert one.digest == other.digest
    assert np.array_equal(one.keys, other.keys)
    assert {*one.of(one.keys)} == {RecordedName("/a.go", "f"), RecordedName("/a.go", "g"), RecordedName("/b.go", "")}
    assert evidence({"/a.gof": ("",)}).digest != evidence({"/a.go": ("f",)}).digest


def test_a_source_that_comes_to_be_there_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(drop(tmp_path / "profiles/a.pb.gz", heap(f"main.keep@{tmp_path}/main.go:3 = 1x1048576")))
    known = Known(Reader(Roots(folders=(str(tmp_path),))))
    outermost = known.read(path, stamp(path)).owned.key[0]  # no line owns it
    assert len(outermost) == 1
    assert not known.look_again()
    (tmp_path / "main.go").write_text("package main\n\nfunc keep() { kept = append(kept, 1) }\n")
    monkeypatch.setattr(store_known, "MAX_LOST_FILES", 0)
    assert not known.look_again()
    monkeypatch.setattr(store_known, "MAX_LOST_FILES", 1)
    assert known.look_again()
    assert known.settled == []
    assert known.next(None) == path
    line, by_caller, *_ = known.read(path, stamp(path)).owned.key[:, 0].tolist()
    assert len({line, by_caller, *outermost}) == 3
    assert [snapshot.path for snapshot in known.settled] == [path]
