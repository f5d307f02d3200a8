"""Reads one profile, or two that are compared, beside what a session shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alloclens.disk import stamp
from alloclens.faults import Problem
from alloclens.session.assemble import assemble
from alloclens.session.known import Known
from alloclens.session.listing import MISSING
from alloclens.settings.checking import parse
from alloclens.settings.settings import layered
from alloclens.worker import Lost

if TYPE_CHECKING:
    from alloclens.cache.texts import Texts
    from alloclens.session.settling import Run
    from alloclens.session.setup import Setup
    from alloclens.session.world import FilePair, World


def opened(setup: Setup, texts: Texts | None, run: Run, files: FilePair, sample_type: str) -> World:
    """Read these files with `run`, and return a world with the one service that they make.

    If it has none, its problems say why. An empty sample type stands for the leading one.
    """
    settings, _ = parse(layered(setup.file.values, {**setup.given, "sampleType": sample_type}))
    alone = replace(
        setup,
        settings=settings,
        where=setup.where._replace(directories=()),
        label_problems=(),
    )
    known = Known(setup.reader, None, run)
    for path in files.paths:
        there = stamp(path)
        try:
            read = known.read(path, there) if there else Problem(path, MISSING)
        except Lost as error:
            read = Problem(path, str(error))
        if isinstance(read, Problem):
            known.blame(read)
    while (again := known.next(None)) is not None:  # the second file may show where files of the first lie
        there = stamp(again)
        if there is None or isinstance(known.read(again, there), Problem):
            known.forget(again)
    world = assemble(known, alone, texts, (), files)
    if world.named is None:
        return world
    return replace(world, comparisons=(world.named.comparison,), services=(world.named.service,))
