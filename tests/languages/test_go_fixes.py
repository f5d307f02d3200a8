"""Where a deferred call is certainly the usual fix of a leak in Go, and where it is not."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from alloclens.languages.go.fixes import deferral
from alloclens.languages.go.leak_patterns import Shape

from scripts import tools

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "package p\n\nfunc (s *S) f(ctx context.Context) {\n"
MARK = "// here"
TICKER = "\tticker := time.NewTicker(time.Second) // here\n"
LOOP = "\tfor range ticker.C {\n\t\tlook()\n\t}\n"
GET = "\tresp, err := http.Get(url) // here\n"
CHECK = "\tif err != nil {\n\t\treturn\n\t}\n"
READ = "\tdata, _ := io.ReadAll(resp.Body)\n\tuse(data, resp.StatusCode)\n"
WITH = "\tctx, cancel := context.WithTimeout(ctx, time.Second) // here\n"

FIXED = {
    "a ticker": (Shape.TICKER, TICKER + LOOP, "defer ticker.Stop()"),
    "a ticker in a select": (
        Shape.TICKER,
        TICKER + "\tselect {\n\tcase <-ticker.C:\n\tcase <-ctx.Done():\n\t}\n",
        "defer ticker.Stop()",
    ),
    "a timer that is reset": (
        Shape.TIMER,
        "\tt := time.NewTimer(d) // here\n\t<-t.C\n\tt.Reset(d)\n",
        "defer t.Stop()",
    ),
    "a closure of its own": (
        Shape.TICKER,
        "\tgo func() {\n\t" + TICKER + LOOP + "\t}()\n",
        "defer ticker.Stop()",
    ),
    "a response": (Shape.RESPONSE_BODY, GET + CHECK + READ, "defer resp.Body.Close()"),
    "a response of a client": (
        Shape.RESPONSE_BODY,
        GET.replace("http.Get(url)", "s.client.Do(req)") + CHECK + "\t_ = json.NewDecoder(resp.Body).Decode(&s.v)\n",
        "defer resp.Body.Close()",
    ),
    "a context that is cancelled on one path": (
        Shape.CONTEXT,
        WITH + "\tif s.done {\n\t\tcancel()\n\t}\n\tlook(ctx)\n",
        "defer cancel()",
    ),
    "a context whose cancel has no name": (
        Shape.CONTEXT,
        WITH.replace("cancel", "_", 1) + "\tlook(ctx)\n",
        "defer cancel()",
    ),
}
LEFT = {
    "in a loop": (Shape.TICKER, "\tfor s.runs {\n\t" + TICKER + LOOP + "\t}\n"),
    "in a block": (Shape.TICKER, "\tif s.runs {\n\t" + TICKER + LOOP + "\t}\n"),
    "stopped already": (Shape.TICKER, TICKER + LOOP + "\tticker.Stop()\n"),
    "stopped by a deferred call": (Shape.TICKER, TICKER + "\tdefer ticker.Stop()\n" + LOOP),
    "returned": (Shape.TICKER, TICKER + "\treturn ticker\n"),
    "kept": (Shape.TICKER, TICKER + "\ts.ticker = ticker\n"),
    "passed on": (Shape.TICKER, TICKER + "\tlook(ticker)\n"),
    "its channel passed on": (Shape.TICKER, TICKER + "\tlook(ticker.C)\n"),
    "its channel returned": (Shape.TICKER, TICKER + "\treturn ticker.C\n"),
    "used in a goroutine": (Shape.TICKER, TICKER + "\tgo func() {\n\t\tfor range ticker.C {\n\t\t}\n\t}()\n"),
    "an assignment": (Shape.TICKER, TICKER.replace("ticker :=", "s.ticker =")),
    "assigned, not declared": (Shape.TICKER, "\tvar ticker *time.Ticker\n" + TICKER.replace(":=", "=") + LOOP),
    "another call": (Shape.TICKER, TICKER.replace("time.NewTicker", "s.newTicker") + LOOP),
    "another shape": (Shape.MAP, TICKER + LOOP),
    "a ticker for a timer": (Shape.TIMER, TICKER + LOOP),
    "two on a line": (Shape.TICKER, TICKER.replace("\t", "\tx := 1; ", 1) + LOOP),
    "more on its line": (Shape.TICKER, TICKER.replace(" // here", "; look() // here") + LOOP),
    "over several lines": (Shape.TICKER, TICKER.replace("time.Second)", "\n\t\ttime.Second)").replace(" // here", "")),
    "broken code": (Shape.TICKER, TICKER + LOOP + "\tif {\n"),
    "an error that is not checked": (Shape.RESPONSE_BODY, GET + READ),
    "an error that does not return": (Shape.RESPONSE_BODY, GET + CHECK.replace("return", "look()") + READ),
    "a check with more": (Shape.RESPONSE_BODY, GET + CHECK.replace("nil", "nil && s.strict") + READ),
    "a body that is closed": (Shape.RESPONSE_BODY, GET + CHECK + READ + "\tresp.Body.Close()\n"),
    "a body that is kept": (Shape.RESPONSE_BODY, GET + CHECK + "\ts.body = resp.Body\n"),
    "a body for a reader": (Shape.RESPONSE_BODY, GET + CHECK + "\treturn newReader(resp.Body)\n"),
    "a response that is returned": (Shape.RESPONSE_BODY, GET + CHECK + "\treturn resp\n"),
    "a context that is returned": (Shape.CONTEXT, WITH.replace("cancel", "_", 1) + "\treturn ctx\n"),
    "a context for a goroutine": (Shape.CONTEXT, WITH.replace("cancel", "_", 1) + "\tgo look(ctx)\n"),
    "a context in a value": (Shape.CONTEXT, WITH.replace("cancel", "_", 1) + "\tlook(&job{ctx: ctx})\n"),
    "a context for what is returned": (Shape.CONTEXT, WITH.replace("cancel", "_", 1) + "\treturn look(ctx)\n"),
    "a cancel that is kept": (Shape.CONTEXT, WITH + "\ts.cancel = cancel\n\tlook(ctx)\n"),
    "a cancel that is deferred": (Shape.CONTEXT, WITH + "\tdefer cancel()\n\tlook(ctx)\n"),
    "the name cancel is taken": (
        Shape.CONTEXT,
        "\tcancel := 1\n" + WITH.replace("cancel", "_", 1) + "\tlook(ctx, cancel)\n",
    ),
}


def text_of(body: str) -> tuple[str, int]:
    text = f"{HEAD}{body}}}\n"
    return text, next((n for n, line in enumerate(text.split("\n"), 1) if MARK in line), 4)


def fixed(body: str, shape: Shape) -> str:
    """Return the text with the fix."""
    text, line = text_of(body)
    made, lines = deferral(text, line, shape), text.split("\n")
    assert made
    if made.unnamed >= 0:
        was = lines[line - 1]
        assert was[made.unnamed] == "_"
        lines[line - 1] = f"{was[: made.unnamed]}cancel{was[made.unnamed + 1 :]}"
    return "\n".join([*lines[: made.after], made.text, *lines[made.after :]])


@pytest.mark.parametrize("case", FIXED)
def test_the_fix_follows_what_it_ends(case: str) -> None:
    shape, body, wanted = FIXED[case]
    lines = fixed(body, shape).split("\n")
    at = next(n for n, line in enumerate(lines) if MARK in line)
    deferred = next(n for n, line in enumerate(lines) if line.strip() == wanted)
    assert deferred == at + (4 if shape is Shape.RESPONSE_BODY else 1)
    indents = [len(lines[n]) - len(lines[n].lstrip()) for n in (at, deferred)]
    assert indents[0] == indents[1]
    assert ("cancel :=" in lines[at]) == (shape is Shape.CONTEXT)


@pytest.mark.parametrize("case", LEFT)
def test_where_it_is_not_certain_there_is_no_fix(case: str) -> None:
    shape, body = LEFT[case]
    text, line = text_of(body)
    assert deferral(text, line, shape) is None


@pytest.mark.parametrize("line", [-1, 0, 1, 4, 99])
def test_any_line_of_any_text(line: int) -> None:
    for text in ("", "\n", "package p", "\0" * 50, "}{" * 100, f"{HEAD}{TICKER}".replace("\n", "\r\n")):
        for shape in Shape:
            assert deferral(text, line, shape) is None


@pytest.mark.programs
def test_gofmt_leaves_the_result_as_it_is(tmp_path: Path) -> None:
    for number, (shape, body, _) in enumerate(FIXED.values()):
        if "go func" not in body:  # those lines are indented for a block of their own
            (tmp_path / f"f{number}.go").write_text(fixed(body, shape))
    root = subprocess.run([tools.go(), "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    done = subprocess.run([f"{root}/bin/gofmt", "-l", tmp_path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
