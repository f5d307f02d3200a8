"""alloclens report: one page that says it all, asks for nothing, and lets nothing in that a profile holds."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from click.testing import CliRunner

from tests.session.test_choice import service
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from click.testing import Result

MB = 1 << 20
LEAK, PAGE = 4, 5
EVIL = "main.</script><script>alert`1`</script><!--"
VOID = {"meta", "br"}


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and the text in them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.open: list[str] = []
        self.text = text
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self.open), data))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def words(self, tag: str) -> list[str]:
        return [data for stack, data in self.texts if stack and stack[-1] == tag]

    @property
    def said(self) -> str:
        return " ".join(data for stack, data in self.texts if not {"script", "style"} & set(stack))

    @property
    def data(self) -> dict:
        return json.loads(re.search(r'id="alloclens-data">(.*?)</script>', self.text, re.DOTALL)[1])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One line of main.go leaks 9 MB a snapshot, another is full from the second on."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc main() {\n\tleak()\n\tpage()\n}\n")
    for i in range(34):
        stacks = (
            f"example.com/dep.New@/m/t.go:4 < main.main:3@{tmp_path}/main.go:{LEAK} = {1 + 3 * i}x{MB}",
            f"main.main:3@{tmp_path}/main.go:{PAGE} = {min(i, 1) * 40}x{MB}",
            f"{EVIL}@/m/<b>.go:4 < main.main:3@{tmp_path}/main.go:{PAGE} = 2x{MB}",
        )
        drop(tmp_path / f"p/h{i:03}.pb.gz", heap(*stacks))
    return tmp_path


def run(folder: Path, *more: object) -> Result:
    arguments = ["report", folder / "p", "--workspace", folder, *more]
    return CliRunner().invoke(main, list(map(str, arguments)))


def page(folder: Path, *more: object) -> Page:
    result = run(folder, "-o", "-", *more)
    assert result.exit_code == 0, result.output
    return Page(result.stdout_bytes.decode())


def test_it_says_what_leaks_and_where(folder: Path) -> None:
    made = page(folder)
    assert made.words("title") == made.words("h1") == ["Memory of p"]
    assert "142MB at " in made.said  # 100 + 40 + 2
    assert "+139MB since" in made.said
    assert f"main.go:{LEAK}" in made.said
    assert "Leak: 100MB held through this line, ▲99.0MB" in made.said
    assert "Theil–Sen" in made.said
    rows = re.findall(r"<tr>(.*?)</tr>", made.text)
    (hot, full) = [row for row in rows if "number" in row and "main.go:" in row]
    assert re.findall(r'number">([^<]*)<', hot) == ["100MB", "▲99.0MB", "0B", "100MB"]
    assert re.findall(r'number">([^<]*)<', full) == ["42.0MB", "▲40.0MB", "40.0MB", "42.0MB"]
    new = next(row for row in rows if "example.com/dep.New" in row and "%" in row)
    assert re.findall(r'number">([^<]*)<', new) == ["100MB", "70%", "100MB", "70%"]
    assert [cell for row in rows for cell in re.findall(r"<td class=\"\">([^<]*)</td>$", row)] == [
        "head",
        *[""] * 32,
        "base, process starts",
    ]


def test_what_a_profile_holds_is_text(folder: Path) -> None:
    made = page(folder)
    assert EVIL in made.said
    assert len(made.all("script")) == 2
    assert made.all("b") == []
    assert "<!--" not in made.text
    names = json.dumps(made.data["flame"])
    assert json.dumps(EVIL) in names


def test_it_asks_for_nothing(folder: Path) -> None:
    made = page(folder)
    policy = next(m["content"] for m in made.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert (rules["default-src"], rules["base-uri"], rules["form-action"]) == ("'none'",) * 3
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        text = re.findall(rf"<{tag}>(.*?)</{tag}>", made.text, re.DOTALL)[-1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    for _, attributes in made.elements:
        assert not {"src", "style", "onclick", "onload"} & attributes.keys()
        assert attributes.get("href", "#").startswith("#")
    assert "@import" not in made.text
    assert "url(" not in "".join(made.words("style"))


def test_it_can_be_read_without_seeing_it(folder: Path) -> None:
    made = page(folder)
    assert made.all("html") == [{"lang": "en"}]
    assert [tag for tag, _ in made.elements if tag in ("header", "nav", "main", "footer")] == [
        "header",
        "nav",
        "main",
        "footer",
    ]
    assert [tag for tag, _ in made.elements if tag in ("h1", "h2", "h3")] == ["h1", *["h2"] * 5]
    ids = [attributes["id"] for _, attributes in made.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in made.all("a")} <= set(ids)
    assert len(made.all("table")) == len(made.words("caption")) == 4
    assert {th["scope"] for th in made.all("th")} == {"row", "col"}
    assert "prefers-color-scheme: dark" in made.text


def test_the_data_of_the_pictures(folder: Path) -> None:
    data = page(folder).data
    (main_,) = data["flame"]["root"]["children"]
    assert (main_["name"], main_["value"], main_["growth"]["value"]) == ("main.main", 142 * MB, 139 * MB)
    assert sorted(node["value"] // MB for node in main_["children"]) == [2, 100]
    assert sorted(node["name"] for node in data["inverted"]["root"]["children"]) == sorted(
        [EVIL, "example.com/dep.New", "main.main"]
    )
    assert [p["value"] // MB for p in data["timeline"]["points"]] == [3, *(1 + 3 * i + 42 for i in range(1, 34))]


def test_base_head_and_sample_type(folder: Path) -> None:
    made = page(folder, "--base", "h002.pb.gz", "--head", "h004.pb.gz", "--sample-type", "inuse_objects")
    assert made.data["flame"]["sampleType"] == "inuse_objects"
    assert (made.data["flame"]["total"], made.data["flame"]["root"]["growth"]["value"]) == (55, 6)
    result = run(folder, "-o", "-", "--base", "nonesuch")
    assert result.exit_code == 1
    assert "no snapshot is named nonesuch" in result.output
    result = run(folder, "-o", "-", "--sample-type", "cpu")
    assert result.exit_code == 1
    assert "no profile has cpu" in result.output


def test_it_is_written_whole_or_not_at_all(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("the one before")
    result = run(folder, "-o", target)
    assert (result.exit_code, result.output) == (0, "")
    assert target.read_text("utf-8").endswith("</html>\n")
    assert [path.name for path in tmp_path.iterdir() if "report" in path.name] == ["report.html"]
    result = run(folder, "-o", tmp_path / "nowhere/report.html")
    assert result.exit_code == 1
    assert re.search(r"Error: .*nowhere/report.html: ", result.output)
    assert "Traceback" not in result.output
    (folder / "empty").mkdir()
    result = CliRunner().invoke(main, ["report", str(folder / "empty"), "-o", str(target)])
    assert result.exit_code == 1
    assert "No profile in" in result.output


@pytest.mark.parametrize("bundle", [None, b"var alloclensPictures = '</script><!--';\r\n"])
def test_with_and_without_the_pictures(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: bytes | None
) -> None:
    parts = tmp_path / "parts"
    parts.mkdir()
    import alloclens.cli.report as module

    for name in ("page.html", "page.css", "page.js"):
        (parts / name).write_bytes(Path(str(module.PARTS), name).read_bytes())
    if bundle:
        (parts / "pictures.js").write_bytes(bundle)
        (parts / "pictures.css").write_bytes(b".x { content: '</style>' }")
    monkeypatch.setattr(module, "PARTS", parts)
    made = page(folder)
    assert len(made.all("script")) == 2
    assert [("open" in d) for d in made.all("details")] == [bundle is None] * 2
    assert ("var alloclensPictures = '<\\/script><\\!--';\n" in made.text) == bool(bundle)
    assert "\r" not in made.text
    test_it_asks_for_nothing(folder)


def test_the_template_names_nothing_that_is_not_there(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import alloclens.cli.report as module

    (tmp_path / "page.html").write_text("<p>{{ titel }}</p>")
    monkeypatch.setattr(module, "PARTS", tmp_path)
    result = run(folder, "-o", "-")
    assert result.exit_code == 70
    assert "'titel' is undefined" in result.output


@pytest.mark.parametrize("stacks", [(), ("main.f@/w/a.go:1 = 0x8",)])
def test_a_profile_without_values_has_a_page_that_says_so(tmp_path: Path, stacks: tuple[str, ...]) -> None:
    drop(tmp_path / "p/a.pb.gz", heap(*stacks))
    made = page(tmp_path)
    assert "No function has a value in inuse_space." in made.said
    assert "No line of your own code owns enough to be shown." in made.said


def test_a_report_is_of_one_series_and_says_which(tmp_path: Path) -> None:
    for name in ("api", "web"):
        service(tmp_path, name, "1.pb.gz", "2.pb.gz")

    def report() -> str:
        arguments = ["report", str(tmp_path / "profiles"), "--workspace", str(tmp_path), "-o", "-"]
        return CliRunner().invoke(main, arguments).output

    assert "The series web is shown, not api." in report()
    (tmp_path / "alloclens.toml").write_text('series = "api"\n')
    assert "The series api is shown, not web." in report()
    assert "services/api/main.go" in report()
    assert "services/web/main.go" not in report()
    (tmp_path / "alloclens.toml").write_text('series = "worker"\n')
    assert "no series is named worker; there is " in report()


def test_two_files_are_compared(folder: Path, tmp_path: Path) -> None:
    """A report on two builds: both are named, and what grew is theirs."""
    files = sorted(folder.rglob("*.pb.gz"))
    base, head = tmp_path / "base.pb.gz", tmp_path / "head.pb.gz"
    base.write_bytes(files[0].read_bytes())
    head.write_bytes(files[-1].read_bytes())
    arguments = ["report", str(head), "--workspace", str(folder), "-o", "-"]
    done = CliRunner().invoke(main, [*arguments, "--base", str(base)])
    assert done.exit_code == 0, done.output
    said = Page(done.stdout).said
    assert "base.pb.gz" in said
    assert "head.pb.gz" in said
    assert "▲99.0MB" in said
    alone = CliRunner().invoke(main, arguments)
    assert alone.exit_code == 0, alone.output
    assert "▲" not in Page(alone.stdout).said
    for wrong in (["--base", "first"], ["--head", str(head)], ["--base", str(folder / "main.go")]):
        assert CliRunner().invoke(main, [*arguments, *wrong]).exit_code in {1, 2}
