"""What `alloclens check` writes, read by each format's own schema, parser or rules; and names that try to break out of it."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import junitparser
import pytest
from alloclens.check.outputs import OUTPUTS
from alloclens.check.outputs.markdown import MAX_CHARACTERS
from alloclens.check.result import TITLES, Accepted, Change, CodeLine, Result, Violation
from alloclens.stats.amount import Amount
from markdown_it import MarkdownIt

from tests.support.hostile import QUOTING, STEERING, steering
from tests.support.sarif import many, validator

if TYPE_CHECKING:
    import jsonschema

MB = 1 << 20
ROOT = "/src/app"
NAMES = {
    "plain": "main.(*Cache).put",
    "steering": STEERING,
    "quoting": QUOTING,
    "lines": "a\nb\r\nc\x85d\u2028e\u2029f",
    "command": "\n::error file=x::owned\n::set-output name=a::b\n##[error]x\n::stop-commands::y",
    "xml": "]]></failure><!-- --><![CDATA[ & &amp; &#0; \ufffe\uffff\x00\x0b",
    "html": "</details><script>alert(1)</script><img src=x onerror=y><!-- --> -->",
    "markdown": "| a | b |\n\n# h\n[x](javascript:y) ![i](z) `c` ``` **b** ~~s~~ <https://e.example>",
    "mention": "@someone #12 org/repo#3 https://evil.example www.evil.example a@b.example",
    "surrogate": "\ud800 \udfff",
    "percent": "%0A::error::%25 100%, a: b",
    "path": "../../etc/passwd?q#f:1",
    "long": "x" * 100_000,
}


def violation(
    name: str = "main.hold", kind: str = "leak", line: int = 8, path: str = "cart/cache.go", low: float = 30
) -> Violation:
    return Violation(
        kind=kind,
        at=CodeLine(path, line, name),
        subject=name,
        message=f"Leak: {name} holds 60.0MB.",
        sample_type="inuse_space",
        unit="bytes",
        amount=Amount(60 * MB, 40 * MB, low * MB, 50 * MB, significant=True),
        points=(20 * MB, 60 * MB),
        stack=(CodeLine("", 0, "runtime.mallocgc"), CodeLine(path, line, name), CodeLine("main.go", 3, "main.main")),
    )


def result(*violations: Violation, **given: Any) -> Result:
    return Result("profiles", violations, root=ROOT, **given)


def hostile(name: str) -> Result:
    """A result in which every text is one name."""
    made = violation(name, path=f"dir/{name}.go")
    return Result(
        name,
        (made, violation(name, "growth", 0, ""), violation(name, "growing", 3, f"/abs/{name}")),
        (Accepted(made, name, "2999-01-01"),),
        (Change(name, Amount(1, 2), "bytes"),),
        (name,),
        root=ROOT,
    )


RESULTS = {
    "clean": result(),
    "one": result(violation()),
    "nothing judged": result(unjudged="there is no profile"),
    "accepted": result(accepted=(Accepted(violation(), "known", ""),)),
    **{f"hostile: {name}": hostile(text) for name, text in NAMES.items()},
    "hostile, nothing judged": result(unjudged=NAMES["command"] + NAMES["xml"]),
}


@pytest.fixture(scope="module")
def sarif() -> jsonschema.Draft4Validator:
    if sys.version_info < (3, 11):
        pytest.skip("the package with the schema needs Python 3.11")
    return validator()


@pytest.mark.parametrize("name", RESULTS)
def test_sarif_is_valid(name: str, sarif: jsonschema.Draft4Validator) -> None:
    log = json.loads(OUTPUTS["sarif"](RESULTS[name]))
    assert [error.message for error in sarif.iter_errors(log)] == []
    [run] = log["runs"]
    assert len([one for one in run["results"] if "suppressions" not in one]) == len(RESULTS[name].violations)
    assert run["invocations"][0]["executionSuccessful"] == (not RESULTS[name].unjudged)
    for one in run["results"]:
        assert one["locations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"], (
            "GitHub refuses results without"
        )
    for place in places(run):
        assert re.fullmatch(r"[!-~]+", place["uri"])
        assert place["uri"].startswith("file:///") != (place.get("uriBaseId") == "%SRCROOT%")
        assert not re.match(r"[\w.+-]*:(?!///)", place["uri"]), "a relative path is no address"
        assert ".." not in place["uri"].split("/")


def places(value: Any) -> list[dict]:
    """Return all artifact locations in a run, but not of its base."""
    if isinstance(value, list):
        return [place for one in value for place in places(one)]
    if not isinstance(value, dict):
        return []
    own = [value["artifactLocation"]] if "artifactLocation" in value else []
    return own + [place for key, one in value.items() if key != "originalUriBaseIds" for place in places(one)]


def test_sarif_has_the_stack_from_its_root_on() -> None:
    [run] = json.loads(OUTPUTS["sarif"](result(violation())))["runs"]
    [found] = run["results"]
    [flow] = found["codeFlows"][0]["threadFlows"]
    assert [step["location"]["message"]["text"] for step in flow["locations"]] == [
        "main.main",
        "main.hold",
        "runtime.mallocgc",
    ]
    assert found["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "cart/cache.go", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 8},
    }
    rule = run["tool"]["driver"]["rules"][found["ruleIndex"]]
    assert rule["id"] == found["ruleId"] == "leak"
    assert rule["help"]["markdown"].startswith("# Leak\n")
    assert ".md)" not in json.dumps(run["tool"]), "a link to a page leads nowhere there"


def test_frames_without_a_name_are_named_by_their_binary() -> None:
    main, libc = CodeLine("main.cpp", 33, "main"), CodeLine("", 0, binary="/lib/x86_64-linux-gnu/libc.so.6")
    found = replace(violation(), stack=(main, main, libc, libc, CodeLine("", 0, "_start"), CodeLine("", 0)))
    said = "  main main.cpp:33 (×2) ← [libc.so.6] (×2) ← _start ← ?\n"
    assert said in OUTPUTS["text"](result(found))
    [run] = json.loads(OUTPUTS["sarif"](result(found)))["runs"]
    steps = run["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps[:3]] == ["?", "_start", "[libc.so.6]"]


def test_a_fingerprint_outlives_a_line_and_tells_functions_apart() -> None:
    here = [violation(line=8), violation(line=9), violation("main.keep"), violation(kind="growth")]
    assert here[0].fingerprint == here[1].fingerprint
    assert len({one.fingerprint for one in here}) == 3
    for name in ("sarif", "gitlab", "json"):
        text = OUTPUTS[name](result(*here))
        assert len(set(re.findall(r'(?:fingerprint|alloclens/v1)": "([\w:]+)"', text))) == 4, (
            "equal ones would be dropped"
        )


def test_a_fingerprint_has_no_line_of_a_function_without_a_name() -> None:
    name = "(anonymous:L#{}:C#31)"
    before, after = (violation(name.format(line), path="src/ledger.ts") for line in (13, 16))
    elsewhere = violation(name.format(13), path="src/cart.ts")
    assert before.fingerprint == after.fingerprint != elsewhere.fingerprint


@pytest.mark.slow
def test_twenty_thousand_findings_are_within_the_limits_of_github(sarif: jsonschema.Draft4Validator) -> None:
    """docs.github.com: 5,000 results are shown, a file of 10 MB at most, packed. The worst are there."""
    found = many(20_000)
    text = OUTPUTS["sarif"](found)
    [run] = json.loads(text)["runs"]
    assert len(run["results"]) == 5000
    assert run["results"][0]["properties"]["value"] == 20_000
    assert "15000 more" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert len(gzip.compress(text.encode(), 1)) < 10 << 20
    run["results"] = run["results"][:5]
    assert sarif.is_valid({"version": "2.1.0", "runs": [run]})
    assert len(OUTPUTS["markdown"](found)) < 65_536
    assert OUTPUTS["github"](found).count("::error") == 10


COMMAND = re.compile(r"::(error|warning|notice)( [^:]*)?::([^\r\n]*)")


@pytest.mark.parametrize("name", RESULTS)
def test_github_runs_only_our_commands(name: str) -> None:
    """The runner takes what starts a line, as its own parser does: properties end at ::, and both are unescaped then."""
    made = RESULTS[name]
    text = OUTPUTS["github"](made)
    assert not steering(text.replace("\n", ""))
    *commands, last = text.splitlines()
    parsed = [COMMAND.fullmatch(line) for line in ([*commands, last] if made.unjudged else commands)]
    assert all(parsed)
    assert len(parsed) == (1 if made.unjudged else len(made.violations))
    assert made.unjudged or not last.startswith(("::", "##"))
    for match in parsed:
        names = [pair.partition("=")[0] for pair in (match[2] or "").strip().split(",")]
        assert set(names) <= {"file", "line", "title"}


def test_github_shows_ten_of_a_kind_and_the_worst_first() -> None:
    many = [violation(f"main.f{i}", "leak", i) for i in range(1, 26)] + [
        violation(f"main.g{i}", "growing", i) for i in range(1, 13)
    ]
    lines = OUTPUTS["github"](result(*many, link="https://ci.example/1")).splitlines()
    assert [line.split(" ")[0] for line in lines[:-1]] == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"]
    assert lines[0].startswith("::error file=cart/cache.go,line=1,title=A line leaks memory::")
    assert lines[20].endswith("17 more violations are in the summary: https://ci.example/1")


@pytest.mark.parametrize("name", RESULTS)
def test_gitlab_has_what_it_requires(name: str) -> None:
    """docs.gitlab.com/ci/testing/code_quality: these keys, a severity, a path without ./ and a line."""
    made, text = RESULTS[name], OUTPUTS["gitlab"](RESULTS[name])
    issues = json.loads(text)
    assert not text.startswith("\ufeff")
    assert len(issues) == len(made.violations) + bool(made.unjudged)
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert not issue["location"]["path"].startswith(("./", "/"))
        assert issue["location"]["lines"]["begin"] >= 1
        assert not steering(issue["description"])
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


@pytest.mark.parametrize("name", RESULTS)
def test_junit_is_read_by_a_parser(name: str) -> None:
    made, text = RESULTS[name], OUTPUTS["junit"](RESULTS[name])
    read = junitparser.JUnitXml.fromroot(ET.fromstring(text.encode()))
    [suite] = read
    cases = list(suite)
    outcomes = [type(outcome).__name__ for case in cases for outcome in case.result]
    assert outcomes.count("Failure") == suite.failures == len(made.violations)
    assert outcomes.count("Error") == suite.errors == bool(made.unjudged)
    assert outcomes.count("Skipped") == suite.skipped == len(made.accepted)
    assert suite.tests == len(cases) >= 1
    elements = {element.tag for element in ET.fromstring(text.encode()).iter()}
    assert elements <= {"testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out"}


class Tags(HTMLParser):
    """The tags of a page, and its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not attrs or tag in {"th", "td"}, (tag, attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("name", RESULTS)
def test_markdown_holds_no_more_than_we_write(name: str) -> None:
    """As GitHub and GitLab read it: tables, HTML, addresses that become links; and mentions, which are found in what is left."""
    text = OUTPUTS["markdown"](RESULTS[name])
    assert text.startswith("<!-- alloclens check -->\n")
    assert len(text) < MAX_CHARACTERS + 1000
    assert not steering(text.replace("\n", ""))
    page = Tags()
    page.feed(MarkdownIt("gfm-like", {"html": True}).disable("linkify").render(text))
    ours = {
        "h3",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "strong",
        "br",
        "details",
        "summary",
        "ul",
        "li",
        "em",
    }
    assert set(page.tags) <= ours
    assert page.tags.count("table") == bool(RESULTS[name].violations) + bool(RESULTS[name].changes)
    if RESULTS[name].violations:
        rows = len(RESULTS[name].violations) + 1 + (2 if RESULTS[name].changes else 0)
        assert page.tags.count("tr") == rows
    assert not any(re.search(r"[@#]\w|://\w|www\.\w", part) for part in page.texts)


def test_markdown_of_a_method_keeps_its_asterisk() -> None:
    made = result(accepted=(Accepted(violation("main.(*shop).order"), "see main.(*shop).order", ""),))
    page = MarkdownIt("gfm-like", {"html": True}).disable("linkify").render(OUTPUTS["markdown"](made))
    assert "Leak: main.(*shop).order holds 60.0MB. <em>see main.(*shop).order</em>" in page


def test_markdown_of_a_link() -> None:
    """Nothing of it ends the link."""
    link = "https://ci.example/9?a=b&c=%20#d"
    assert f"[Report](<{link}>)" in OUTPUTS["markdown"](result(violation(), link=link))
    said = OUTPUTS["markdown"](result(violation(), link="https://ci.example/)>\n<b>"))
    assert "[Report](<https://ci.example/)%3E%0A%3Cb%3E>)" in said


@pytest.mark.parametrize("name", RESULTS)
def test_text_stays_on_its_lines(name: str) -> None:
    made, text = RESULTS[name], OUTPUTS["text"](RESULTS[name])
    assert not steering(text.replace("\n", ""))
    assert text.count("\n") == 3 * len(made.violations) + len(made.accepted) + len(made.notes) + 1


@pytest.mark.parametrize(("name", "format_"), [*itertools.product(RESULTS, OUTPUTS)])
def test_every_format_can_be_encoded_and_ends_its_last_line(name: str, format_: str) -> None:
    text = OUTPUTS[format_](RESULTS[name])
    assert text.endswith("\n")
    io.BytesIO().write(text.encode())


@pytest.mark.parametrize("format_", OUTPUTS)
def test_the_line_is_in_every_format(format_: str) -> None:
    text = unquote(OUTPUTS[format_](result(violation())))
    assert re.search(r"cart/cache\.go(:8\b|.*\b8\b)", text, re.DOTALL)
    assert "cart/cache.go" not in OUTPUTS[format_](result())


def test_a_name_tells_a_check_from_others() -> None:
    """Neither comment is found by the other's mark, and code scanning has a category for each."""
    named = [result(violation(), name=name) for name in ("", "api", "api-2")]
    first, marks = zip(*(OUTPUTS["markdown"](one).split("\n")[1::-1] for one in named), strict=True)
    assert first == ("### alloclens", "### alloclens: api", "### alloclens: api-2")
    assert not [(a, b) for a, b in itertools.permutations(marks, 2) if b.startswith(a)]
    logs = (json.loads(OUTPUTS["sarif"](one)) for one in named)
    ids = [log["runs"][0]["automationDetails"]["id"] for log in logs]
    assert ids == ["alloclens/", "alloclens/api", "alloclens/api-2"]


def test_every_kind_has_a_page_and_a_title() -> None:
    for kind in TITLES:
        for render in OUTPUTS.values():
            assert render(result(violation(kind=kind)))


def test_the_page_about_json_lists_every_key() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/json.md").read_text("utf-8").partition("## alloclens check")[2]
    whole = json.loads(OUTPUTS["json"](RESULTS["hostile: plain"]))
    listed = set(re.findall(r"`(\w+)`", page))
    for part in (
        whole,
        whole["violations"][0],
        whole["accepted"][0],
        whole["changes"][0],
        whole["violations"][0]["stack"][0],
    ):
        assert set(part) <= listed
