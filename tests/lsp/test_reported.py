"""A finding whose verdict changes, or that is none any more, when more has been seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.lsp import diagnostics
from alloclens.lsp.client import Client
from alloclens.lsp.documents import Documents
from alloclens.lsp.reported import Reported, report_before, with_findings
from alloclens.session.once import world
from alloclens.wording.times import moment
from alloclens.wording.verdict import candidate
from alloclens.wording.views import detail

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.session.world import World

MB = 1 << 20
RISE = (100, 150, 200, 250, 300)
SWING = (*RISE, 250, 200, 250)


def seen(folder: Path, *in_use: int, restart: int = 0, head: str = "latest") -> World:
    """Return the world of a series in which a line holds so many MB, and has allocated 60 MB more in each snapshot of a process."""
    (folder / "go.mod").write_text("module example.com/app\n")
    (folder / "main.go").write_text("package main\n\nfunc main() {\n\tkeep()\n}\n")
    for number, held in enumerate(in_use):
        keep = f"main.main:3@{folder}/main.go:4 = {held}x{MB}/{1000 + 60 * number - (1000 if number >= restart > 0 else 0)}"
        drop(folder / f"p/{number}.pb.gz", heap(keep, seconds=60 * (number + 1)))
    return world([str(folder)], [str(folder / "p")], {"head": head})


def clock(of: World) -> str:
    """Return the time of a world's head, of the day that all these snapshots are of."""
    return moment(of.shown.head).split()[1]


def said(reported: Reported, of: World) -> str:
    """Return what is said of the one line before."""
    (finding,) = of.shown.findings() or of.shown.candidates()
    return report_before(reported, finding, of.shown)


def test_a_candidate_says_that_it_was_a_finding(tmp_path: Path) -> None:
    """Five snapshots show a rise; eight show that it goes up and down."""
    young = seen(tmp_path, *RISE)
    assert [finding.verdict for finding in young.shown.findings()] == ["growing"]
    reported = with_findings((), young)
    assert said(reported, young) == "", "it has always been so"
    later = seen(tmp_path, *SWING)
    reported = with_findings(reported, later)
    was = f"growing since {clock(young)}, not proven since {clock(later)}"
    assert said(reported, later) == was
    (finding,) = later.shown.candidates()
    assert detail(finding, was).endswith(f", {was}")
    assert f" Reported as {was}. " in candidate(finding, before=was)
    assert said((), later) == "", "nothing was reported"
    assert said(with_findings((), later), later) == "", "it has never been a finding"


def test_a_leak_says_that_it_was_growing(tmp_path: Path) -> None:
    young = seen(tmp_path, *RISE)
    reported = with_findings((), young)
    proven = seen(tmp_path, *range(100, 1350, 50))
    assert [finding.verdict for finding in proven.shown.findings()] == ["leak"]
    reported = with_findings(with_findings(reported, proven), proven)
    was = f"growing since {clock(young)}, a leak since {clock(proven)}"
    assert said(reported, proven) == was
    (shown,) = diagnostics.of(proven, Documents(), Client(), reported).values()
    assert shown[0].message.endswith(f" Reported as {was}.")

    older = seen(tmp_path, *range(100, 1350, 50), head="4.pb.gz")
    assert said(reported, older) == "", "a head that the user chose says nothing of what came later"
    assert with_findings(reported, older) == reported


def test_a_process_says_nothing_of_the_one_before(tmp_path: Path) -> None:
    reported = with_findings((), seen(tmp_path, *RISE))
    later = seen(tmp_path, *RISE, *SWING, restart=len(RISE))
    assert len(later.shown.series.processes) == 2
    assert said(with_findings(reported, later), later) == ""
