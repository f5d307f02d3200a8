"""What a CommonMark reader makes of what we write, and a POSIX shell of a command."""

from __future__ import annotations

import subprocess

import pytest
from alloclens.printable import printable
from alloclens.wording.hover import command
from alloclens.wording.markdown import bold, code, escape, plain
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SIGNS = "`*_{}[]()#+!|<>~&\\$-:./ \n\r\t\x00\x1b\u2028\u202ea1"
TEXTS = st.text(alphabet=SIGNS) | st.text()


def shown(markdown: str) -> list[tuple[str, str]]:
    """Return what is in the one paragraph of a text: type and content."""
    tokens = READER.parse(markdown)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    return [(token.type, token.content) for token in tokens[1].children]


@given(TEXTS)
@example("![x](https://evil.example/x.png)")
@example("&lt;b&gt; <img src=x>\n\n# a")
@example("(*a (**b (*_c* d*)")
def test_text_is_shown_as_it_is(text: str) -> None:
    assert shown(f"a{escape(text)}b") == [("text", f"a{printable(text)}b")]
    assert plain(f"**a** {escape(text)}") == f"a {printable(text)}"
    assert plain(f"[{escape(text)}](file:///x#L1)") == printable(text)


def test_the_address_of_a_page_follows_its_name() -> None:
    assert plain("[How to fix it](file:///p/leak.md) · [main.go:24](file:///main.go#L24)") == (
        "How to fix it: file:///p/leak.md · main.go:24"
    )


@pytest.mark.parametrize("text", ["# a", "+ a", "> a", "- a", "---"])
def test_text_starts_no_other_block(text: str) -> None:
    assert shown(escape(text)) == [("text", text)]


@pytest.mark.parametrize(
    "name",
    [
        "inuse_space",
        "main.newPool.func1(3)",
        "net/http.HandlerFunc",
        "main.(*shop).order",
        "+1.1MB",
        "a{b} #1 +2 -3 b!",
        "a & b",
    ],
)
def test_a_name_without_marks_has_no_backslash(name: str) -> None:
    assert escape(name) == name


@pytest.mark.parametrize(
    ("text", "kind"),
    [("main.go:6  main.serve", "strong_open"), ("main.go:6  main.(*shop).order.func1", "code_inline")],
)
def test_bold_text_has_no_backslash(text: str, kind: str) -> None:
    assert "\\" not in bold(text)
    assert kind in {of for of, _ in shown(bold(text))}


@given(TEXTS.filter(lambda text: text.strip(" ")))
@example("main.(*shop).order.func1")
@example("(*a")
@example("a_")
def test_bold_text_is_shown_as_it_is(text: str) -> None:
    assert "".join(part for _, part in shown(f"a {bold(text)} b")) == f"a {printable(text)} b"
    assert plain(f"a {bold(text)} b") == f"a {printable(text)} b"


@given(TEXTS.filter(lambda text: text.strip(" ")))
@example("a`b ![x](https://evil.example/x.png) ``c")
@example("`")
@example(" a ")
def test_code_is_shown_as_it_is(text: str) -> None:
    assert [part for part in shown(f"a {code(text)} b") if part[1]] == [
        ("text", "a "),
        ("code_inline", printable(text)),
        ("text", " b"),
    ]
    assert plain(f"a {code(text)} b") == f"a {printable(text)} b"


HOSTILE = [
    "main.f'; touch evil; '",
    "main.f`touch evil`$(touch evil)",
    "main.f\ntouch evil\n",
    "main.f\x1b[201~\rtouch evil\r",
    'main.f"\\',
    "main.f && touch evil #",
    "-base=x",
]


@pytest.mark.programs
@pytest.mark.parametrize("name", HOSTILE)
def test_a_pasted_command_runs_pprof_only(name: str) -> None:
    """The shell is given the command as it is shown, with its control characters written out."""
    pasted = plain(code(command(name, name, f"/p/{name}", f"/q/{name}", [f"-focus={name}"])))
    go = 'PATH=; go() { for one; do printf "%s\\n" "$one"; done; }\n'
    ran = subprocess.run(["/bin/sh", "-c", f"{go}{pasted}"], capture_output=True, text=True, check=False)
    name = printable(name)
    tool, pprof, sample_index, listed, *rest = ran.stdout.splitlines()
    assert (ran.returncode, ran.stderr, tool, pprof) == (0, "", "tool", "pprof")
    assert sample_index == f"-sample_index={name}"
    assert listed.startswith("-list=^")
    assert rest == [f"-focus={name}", f"-diff_base=/q/{name}", f"/p/{name}"]
