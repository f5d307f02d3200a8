"""What `python -m scripts.bench.document` writes into docs/benchmarks.md."""

from __future__ import annotations

import pytest
from rich import box
from rich.table import Table

from scripts.bench.__main__ import SECTIONS
from scripts.bench.document import PAGE, parts, written
from scripts.bench.section import Section


def section() -> Section:
    table = Table("", "2,000 samples", box=box.MARKDOWN)
    table.add_row("hover", r"\1 4.50 ms")
    return Section(table, {}, "The median.")


MEASURED = {
    "machine": {"CPU": "one, 2 cores", "system": "Linux x86_64"},
    "quick": False,
    "parts": {"requests": {"text": section().text, "figures": {}}},
}


def test_a_part_is_replaced_and_the_rest_stays() -> None:
    page = "# A\n\n<!-- machine -->\n<!-- end of machine -->\n\n<!-- requests -->\nold\n\nold\n<!-- end of requests -->\n\nB\n"
    new = written(page, parts(MEASURED))
    assert new == (
        "# A\n\n<!-- machine -->\n\nMeasured on: CPU one, 2 cores, Linux x86_64.\n\n<!-- end of machine -->\n\n"
        "<!-- requests -->\n\n|       | 2,000 samples |\n|-------|---------------|\n| hover | \\1 4.50 ms    |\n\n"
        "The median.\n\n<!-- end of requests -->\n\nB\n"
    )
    assert written(new, parts(MEASURED)) == new


def test_the_page_has_a_place_for_each_part() -> None:
    texts = {name: f"new {name}" for name in (*SECTIONS, "machine", "compare")}
    page = written(PAGE.read_text(), texts)
    assert all(f"\n\n{text}\n\n" in page for text in texts.values())


def test_a_quick_run_is_not_written() -> None:
    with pytest.raises(SystemExit, match="quick run"):
        parts(MEASURED | {"quick": True})


def test_a_part_without_a_place_is_named() -> None:
    with pytest.raises(SystemExit, match="no place for requests"):
        written("<!-- requests -->", {"requests": ""})
