"""A finding that is none any more, when more has been seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.lsp.withdrawn import report_before, with_findings
from alloclens.session.once import world
from alloclens.wording.status import moment
from alloclens.wording.verdict import candidate
from alloclens.wording.views import detail

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.session.world import World

MB = 1 << 20


def seen(folder: Path, *in_use: int) -> World:
    """Return the world of a series in which a line holds so many MB, and has allocated 60 MB more in each snapshot."""
    (folder / "go.mod").write_text("module example.com/app\n")
    (folder / "main.go").write_text("package main\n\nfunc main() {\n\tkeep()\n}\n")
    for number, held in enumerate(in_use):
        keep = f"main.main:3@{folder}/main.go:4 = {held}x{MB}/{1000 + 60 * number}"
        drop(folder / f"p/{number}.pb.gz", heap(keep, seconds=60 * (number + 1)))
    return world([str(folder)], [str(folder / "p")], {})


def test_a_candidate_says_until_when_it_was_a_finding(tmp_path: Path) -> None:
    """Five snapshots show a rise; eight show that it goes up and down."""
    rise = (100, 150, 200, 250, 300)
    young = seen(tmp_path, *rise)
    assert [finding.verdict for finding in young.shown.findings()] == ["growing"]
    reported = with_findings(with_findings({}, young), later := seen(tmp_path, *rise, 250, 200, 250))
    (finding,) = later.shown.candidates()
    was = report_before(reported, finding, later.shown)
    assert was == f"growing until {moment(young.shown.head).split()[1]}"
    assert detail(finding, was).endswith(f", was {was}")
    assert f" It was reported as {was}. " in candidate(finding, withdrawn=was)

    assert report_before({}, finding, later.shown) == "", "nothing was reported"
    other = next(iter(reported.values()))._replace(head=later.shown.head)
    assert report_before(dict.fromkeys(reported, other), finding, later.shown) == "", "that is of no earlier snapshot"
