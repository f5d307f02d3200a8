"""The settings file: which one counts, what of it holds, and on which line it says what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from alloclens.settings.config import find, read, stamps, table_of
from alloclens.settings.config_text import with_mapping
from hypothesis import example, given
from hypothesis import strategies as st

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def write(folder: Path, text: str | bytes, name: str = "alloclens.toml") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def said(folder: Path, text: str | bytes, name: str = "alloclens.toml") -> tuple[dict, list[tuple[int, str]]]:
    path = write(folder, text, name)
    config = read([folder])
    assert config.path == str(path)
    assert {problem.path for problem in config.problems} <= {str(path)}
    return dict(config.values), [(problem.line, problem.message) for problem in config.problems]


def test_no_file(tmp_path: Path) -> None:
    for folders in ([], [tmp_path], [tmp_path / "gone"], ["\0"]):
        assert find(folders) is None
        assert (read(folders).path, dict(read(folders).values), read(folders).problems) == ("", {}, ())


def test_the_first_folder_that_has_one(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
    own = write(two, "base = 'x'")
    assert find([one, two]) == own
    write(one, "[project]\nname = 'alloclens'\n", "pyproject.toml")
    assert find([one, two]) == own, "a pyproject.toml without the table is none"
    shared = write(one, "[tool.alloclens]\nbase = 'y'\n", "pyproject.toml")
    assert find([str(one), str(two)]) == shared
    assert dict(read([one, two]).values) == {"base": "y"}
    assert find([one, two]) == shared
    write(one, "")
    assert find([one, two]) == one / "alloclens.toml", "it goes before pyproject.toml, even if it says nothing"
    assert dict(read([one, two]).values) == {}


GOOD = """\
profileDirs = ["a", "b"]  # comment
"largestProfile" = 5
'ownCode' = [
    "x",   # y
]
[[pathMappings]]
from = 'C:\\build'
to = "${workspaceFolder}"
"""
MEANT = {
    "profileDirs": ["a", "b"],
    "largestProfile": 5,
    "ownCode": ["x"],
    "pathMappings": [{"from": "C:\\build", "to": "${workspaceFolder}"}],
}


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_good_file(tmp_path: Path, bom: bytes, end: str) -> None:
    assert said(tmp_path, bom + GOOD.replace("\n", end).encode()) == (MEANT, [])


@pytest.mark.parametrize(
    "text",
    [
        "[project]\nname = 'x'\n[tool.alloclens]\nbase = 'x'\n[tool.other]\nbase = 3\n",
        "[tool]\nalloclens = { base = 'x' }\n",
        "[tool]\nalloclens.base = 'x'\n",
        "tool.alloclens.base = 'x'\n",
        "[ tool . 'alloclens' ]\nbase = 'x'\n",
    ],
)
def test_every_form_of_the_table(tmp_path: Path, text: str) -> None:
    assert said(tmp_path, text, "pyproject.toml") == ({"base": "x"}, [])


BASE = 'is not a string; using "first"'
MAPPING = "pathMappings: item {}: from: 3 is not a non-empty string; none is used"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("base = 3", 1, f"base: 3 {BASE}"),
        ("# base\n\nbase = 3", 3, f"base: 3 {BASE}"),
        ("'base' = 3", 1, f"base: 3 {BASE}"),
        ('# x\n"b\\u0061se" = 3', 2, f"base: 3 {BASE}"),
        ("base.x = 3", 1, f'base: {{"x": 3}} {BASE}'),
        ("head = '''\nbase = 3\n'''\nbase = 4", 4, f"base: 4 {BASE}"),
        ('head = """\nbase = 3 \\"""\nbase = 5"""\nbase = 4', 4, f"base: 4 {BASE}"),
        ("ownCode = [\n'a', # ]\n'base = 3'\n]\nbase = 4", 5, f"base: 4 {BASE}"),
        ("head = '\"'\nbase = 4", 2, f"base: 4 {BASE}"),
        ("hints = true\n[base]\nx = 1", 2, f'base: {{"x": 1}} {BASE}'),
        ("hints = true # [ it's\nbase = 4", 2, f"base: 4 {BASE}"),
        ('ownCode = ["""x""""]\nbase = 4', 2, f"base: 4 {BASE}"),
        ("base = 2026-01-02", 1, f"base: 2026-01-02 {BASE}"),
        ("\n[[pathMappings]]\nto = 'x'\nfrom = 3", 4, MAPPING.format(1)),
        ("[[pathMappings]]\nfrom = 'x'\nto = 'x'\n\n[[ 'pathMappings' ]]\nto = 'x'\nfrom = 3", 7, MAPPING.format(2)),
        ("pathMappings = [\n{ from = 3, to = '' },\n]", 1, MAPPING.format(1)),
        (
            "[[pathMappings]]\nfrom = 'x'\nto = 'x'\n[[pathMappings]]\nto = 'x'",
            4,
            "pathMappings: item 2: from is missing; none is used",
        ),
        (
            "[[pathMappings]]\nfrom = 'x'\nto = 'x'\nat = 3",
            4,
            "pathMappings: item 1: at: unknown field; the fields are from and to; none is used",
        ),
        ("\nhint = true", 2, "hint: unknown setting; did you mean hints?"),
        ("[sampleTypes]", 1, "sampleTypes: unknown setting; did you mean sampleType?"),
        ("\n[[heads]]\n[[heads]]", 2, "heads: unknown setting; did you mean head?"),
    ],
)
def test_a_bad_value_is_told_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    assert said(tmp_path, text)[1] == [(line, message)]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[tool.other]\nbase = 3\n[tool.alloclens]\nbase = 4", 4, f"base: 4 {BASE}"),
        ("base = 3\n[tool]\nbase = 3\nalloclens.base = 4", 4, f"base: 4 {BASE}"),
        ("[tool]\nx = 1\nalloclens = { head = 'x', base = 4 }", 3, f"base: 4 {BASE}"),
        (
            "[[tool.alloclens.pathMappings]]\nfrom = 3\nto = 'x'",
            2,
            MAPPING.format(1),
        ),
        ("[tool]\nalloclens = 3", 2, "tool.alloclens: 3 is not a table of settings"),
    ],
)
def test_a_bad_value_in_pyproject(tmp_path: Path, text: str, line: int, message: str) -> None:
    assert said(tmp_path, text, "pyproject.toml")[1] == [(line, message)]


def test_the_good_part_of_a_partly_bad_file(tmp_path: Path) -> None:
    values, problems = said(tmp_path, "codeLens = true\nbase = 3\nfoo = 1\nhints = 0\nhead = 'x'\n")
    assert values == {"codeLens": True, "head": "x"}
    assert [line for line, _ in problems] == [2, 3, 4]


NOTHING = "; until it is, all settings of this file are ignored"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("hints = true\nbase = first\nhead = 'x'", 2, ""),
        ("base = \nhead = 'x'", 1, ""),
        ("head = 'x'\nbase = 'x\nhints = true", 2, ""),
        ("hints = true\nbase = '''x\nhead = 'x'\n\n", 2, ""),
        ('hints = true\nbase = """x\nhead = "x"\n\\', 2, ""),
        ("hints = true\nbase = [\n'a',\nhead = 'x'\n", 4, ""),
        ("hints = true\nbase = [\n'a'\n\n\n# end\n", 2, ""),
        ("head = 'x'\nbase = {a = 1", 2, ""),
        ("head = 'x'\nbase = 'y' 'z'\n", 2, ""),
        ("base = 'x'\nhead = 'x'\nbase = 'y'", 3, ""),
        ("head = 'x'\nbase = " + "9" * 5000, 2, "a number has too many digits"),
        ("head = 'x'\nbase = " + "[" * 17 + "]" * 17, 2, "nested more than 16 levels deep"),
        ("head = 'x'\nbase = " + "[{a=" * 17, 2, "nested more than 16 levels deep"),
        ("head = 'x'\n" + "'a'. b." * 9 + "c = 1", 2, "nested more than 16 levels deep"),
        ("head = 'x'\n[" + "a." * 17 + "c]", 2, "nested more than 16 levels deep"),
        ("head = 'x'\nbase = { " + "a." * 17 + "c = 1 }", 2, "nested more than 16 levels deep"),
        ("head = 'x'\nnonsense\nhints = true\n", 2, ""),
        ("head = 'x'\n= 3\nhints = true\n", 2, ""),
        ("head = 'x'\r\nhints = true\rx\r\n", 2, ""),
        ("[[pathMappings\nfrom = 'x'\n", 1, ""),
    ],
)
def test_a_file_that_is_not_toml_says_nothing_but_where(tmp_path: Path, text: str, line: int, reason: str) -> None:
    values, [(at, message)] = said(tmp_path, text)
    assert (values, at) == ({}, line)
    assert message.startswith(f"this is not valid TOML: {reason}")
    assert message.endswith(NOTHING)


def test_what_is_not_nested_too_deep(tmp_path: Path) -> None:
    text = f"head = '{'.a' * 99}' # {'[{' * 99}\nownCode = [\n'{'[' * 99}', '{'a.' * 99}',\n]\n"
    assert said(tmp_path, text)[1] == []


def test_while_a_file_is_not_toml_what_it_said_goes_on(tmp_path: Path) -> None:
    write(tmp_path, "base = 'x'\nhead = 3\n")
    good = read([tmp_path])
    path = write(tmp_path, "base = 'y'\nhead =\n")
    broken = read([tmp_path], good)
    assert dict(broken.values) == dict(read([tmp_path], broken).values) == {"base": "x"}
    assert [problem.line for problem in broken.problems] == [2]
    assert broken.problems[0].message.endswith("; until it is, the previous settings stay in effect")
    path.unlink()
    write(tmp_path, "[tool.alloclens]\nbase =\n", "pyproject.toml")
    assert dict(read([tmp_path], good).values) == {}, "that was another file"


def test_our_own_header_is_broken(tmp_path: Path) -> None:
    values, problems = said(tmp_path, "[tool.alloclens\nbase = 'x'\n", "pyproject.toml")
    assert (values, [line for line, _ in problems]) == ({}, [1])


def test_another_programs_broken_file_is_not_ours(tmp_path: Path) -> None:
    write(tmp_path, "[project\nname = 'alloclens'\n", "pyproject.toml")
    assert read([tmp_path]).path == ""


HOSTILE = {
    "a long dotted key": ("base" + ".a" * 120_000 + " = 1", 1),
    "brackets": ("base = " + "[" * 250_000, 1),
    "inline tables": ("base = " + "{a=" * 80_000, 1),
    "quotes in a text that does not end": ("base = '''" + "'x" * 120_000, 1),
    "escaped quotes": ('base = """' + '\\"""' * 60_000 + "\\", 1),
    "a long blank line": (" " * 250_000 + "tool", 1),
    "keys of a deep table": ("[" + ".".join("a" * 16) + "]\n" + "".join(f"{n} = 1\n" for n in range(24_000)), 1),
    "unknown keys": ("".join(f"{n} = 1\n" for n in range(24_000)), 21),
    "unknown tables": ("".join(f"[t{n}]\n" for n in range(24_000)), 21),
    "one long unknown key": ("'" + "k" * 250_000 + "' = 1", 1),
}


@pytest.mark.slow
@pytest.mark.timeout(20)
@pytest.mark.parametrize(("text", "problems"), HOSTILE.values(), ids=HOSTILE)
def test_what_could_take_minutes(tmp_path: Path, text: str, problems: int) -> None:
    assert len(said(tmp_path, text)[1]) == problems


@pytest.mark.timeout(20)
def test_a_long_blank_line_in_a_broken_pyproject(tmp_path: Path) -> None:
    write(tmp_path, "[alloclens\n" + " " * 250_000, "pyproject.toml")
    assert read([tmp_path]).path == ""


def test_many_unknown_keys_are_counted(tmp_path: Path) -> None:
    _, problems = said(tmp_path, "".join(f"[t{n}]\n" for n in range(30)))
    assert [line for line, _ in problems] == list(range(1, 22))
    assert problems[-1] == (21, "… and 10 more unknown settings")


def test_what_is_not_utf_8(tmp_path: Path) -> None:
    values, problems = said(tmp_path, b"base = 'x'\n# gr\xf6sse\nhead = 'y'\n")
    assert values == {"base": "x", "head": "y"}
    assert problems == [(2, "this is not UTF-8; invalid bytes are read as �")]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "alloclens.toml"
    path.mkdir()
    assert read([tmp_path]).problems == ((str(path), 1, "the file cannot be read: Is a directory", True),)
    path.rmdir()
    path.symlink_to("gone")
    assert read([tmp_path]).problems == ((str(path), 1, "the file cannot be read: No such file or directory", True),)
    path.unlink()
    write(tmp_path, b"base = 'x'\n" + b"#" * (256 << 10))
    assert read([tmp_path]).problems == ((str(path), 1, "the file cannot be read: larger than 256 KiB", True),)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_does_not_hold_us_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alloclens.toml")
    assert [problem.message for problem in read([tmp_path]).problems] == ["the file cannot be read: not a regular file"]


def test_a_link_is_followed_within_the_workspace(tmp_path: Path) -> None:
    folder, other = tmp_path / "w", tmp_path / "other"
    for one in (folder, other):
        one.mkdir()
    write(other, "base = 'x'")
    path = folder / "alloclens.toml"
    path.symlink_to(other / "alloclens.toml")
    message = f"the file cannot be read: a symbolic link that leads out of the workspace, to {other}/alloclens.toml"
    assert read([folder]) == (str(path), {}, ((str(path), 1, message, True),), {})
    assert dict(read([folder, other]).values) == {"base": "x"}
    path.unlink()
    path.symlink_to("pyproject.toml")
    write(folder, "base = 'y'", "pyproject.toml")
    assert dict(read([folder]).values) == {"base": "y"}


@pytest.mark.slow
@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", ["a.b.c.k{} = 1\n", "[t{}]\n", "k{} = 1\n"])
def test_a_large_file_is_edited_where_that_takes_no_time(text: str) -> None:
    large = "".join(text.format(n) for n in range(1 << 14))
    assert with_mapping(large, (), "a", "b").startswith(large)
    with pytest.raises(ValueError, match=r"^no path mapping can be added: larger than 64 KiB$"):
        with_mapping("pathMappings = []\n" + large, (), "a", "b")


def test_stamps_change_with_the_files(tmp_path: Path) -> None:
    seen = [stamps([tmp_path])]
    path = write(tmp_path, "base = 'x'")
    seen.append(stamps([tmp_path]))
    write(tmp_path, "base = 'yy'")
    seen.append(stamps([tmp_path]))
    os.utime(path, ns=(1, 1))
    seen.append(stamps([tmp_path]))
    write(tmp_path, "", "pyproject.toml")
    seen.append(stamps([tmp_path]))
    path.unlink()
    seen.append(stamps([tmp_path]))
    assert seen[0] == (None, None)
    assert len(set(seen)) == len(seen)
    assert stamps([tmp_path]) == seen[-1]
    assert stamps(["\0"]) == (None, None)


@given(st.binary() | st.text(st.sampled_from("[]{}\"'=#.\\,\n\r abase03")).map(str.encode))
@example(b"\xff\xfeb\0a\0s\0e\0=\x001\0")
@example(b'"""')
@example(b"[[")
@example(b"base='''\\")
def test_any_bytes_can_be_a_file(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        for name in ("alloclens.toml", "pyproject.toml"):
            before = b"[tool.alloclens]\n" if name == "pyproject.toml" else b""
            write(Path(folder), before + data, name)
            config = read([folder])
            assert config.path.endswith(name)
            lines = (before + data).count(b"\n") + 1
            assert all(1 <= problem.line <= lines for problem in config.problems)
            with suppress(ValueError):
                with_mapping((before + data).decode(), table_of(name), "a", "b")
            os.unlink(os.path.join(folder, name))


paths = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)
LAYOUTS = {
    "alloclens.toml": (
        "",
        "base = 'x' # c",
        "[[pathMappings]] # c\nfrom = '/old'\nto = 'x' # c\n\n# end\n",
        "pathMappings = [] # c\nbase = 'x'\n",
        "pathMappings = [\n    { from = '/old', to = 'x' }, # c\n]\n",
    ),
    "pyproject.toml": (
        "",
        "[tool.a]\nx = 1\n\n[project]\nname = 'x'\n\n[tool.b]\ny = 1.5 # c\n",
        "[tool.alloclens]\nbase = 'x' # c\n[project]\nname = 'x'\n",
        "[tool]\nalloclens = { base = 'x' } # c\n[z]\nx = nan\n",
        "[tool]\nalloclens.base = 'x' # c\n[z]\nx = 1\n",
        "[tool.alloclens]\n[[tool.alloclens.pathMappings]]\nfrom = '/old'\nto = 'x'\n[z]\nx = 1 # c\n",
    ),
}


def mappings(text: str, name: str) -> tuple[list, dict]:
    data = tomllib.loads(text, parse_float=str)
    table = data.setdefault("tool", {}).setdefault("alloclens", {}) if name == "pyproject.toml" else data
    return table.pop("pathMappings", []), data


@given(paths | st.just("/old"), paths, st.sampled_from([(n, t) for n, every in LAYOUTS.items() for t in every]))
def test_a_mapping_is_added_or_replaced(from_: str, to: str, layout: tuple[str, str]) -> None:
    name, text = layout
    made = with_mapping(text, table_of(f"/w/{name}"), from_, to)
    (before, rest), (after, rest_after) = mappings(text, name), mappings(made, name)
    assert rest_after == rest
    assert after == [one for one in before if one["from"] != from_] + [{"from": from_, "to": to}]
    assert made.count("# c") >= text.count("# c")
    again = with_mapping(made, table_of(f"/w/{name}"), from_, "elsewhere")
    assert mappings(again, name)[0] == [*after[:-1], {"from": from_, "to": "elsewhere"}]


@pytest.mark.parametrize(
    ("name", "text", "made"),
    [
        ("alloclens.toml", "", '[[pathMappings]]\nfrom = "C:\\\\b"\nto = "a\\"b"\n'),
        (
            "alloclens.toml",
            '# top\nbase = "x" # c',
            '# top\nbase = "x" # c\n\n[[pathMappings]]\nfrom = "C:\\\\b"\nto = "a\\"b"\n',
        ),
        (
            "alloclens.toml",
            "[[pathMappings]] # a\nfrom = 'C:\\b' # b\nto = 'x'   # c\n",
            '[[pathMappings]] # a\nfrom = \'C:\\b\' # b\nto = "a\\"b"   # c\n',
        ),
        (
            "pyproject.toml",
            "[project]\r\nname = 'x'\r\n",
            '[project]\r\nname = \'x\'\r\n\r\n[[tool.alloclens.pathMappings]]\r\nfrom = "C:\\\\b"\r\nto = "a\\"b"\r\n',
        ),
        (
            "alloclens.toml",
            "\ufeffhints = true\n",
            '\ufeffhints = true\n\n[[pathMappings]]\nfrom = "C:\\\\b"\nto = "a\\"b"\n',
        ),
    ],
)
def test_the_layout_stays(name: str, text: str, made: str) -> None:
    assert with_mapping(text, table_of(name), "C:\\b", 'a"b') == made


@pytest.mark.parametrize(
    ("name", "text", "from_", "reason"),
    [
        ("alloclens.toml", "base = ", "a", ""),
        ("alloclens.toml", "base = " + "[" * 5000, "a", r"nested more than 16 levels deep \(line 1\)"),
        ("alloclens.toml", "pathMappings = 3", "a", "pathMappings is not a list of tables"),
        ("alloclens.toml", "pathMappings = ['x']", "a", "pathMappings is not a list of tables"),
        ("pyproject.toml", "tool = 3", "a", "tool.alloclens is not a table"),
        ("alloclens.toml", "", "\udc80", "surrogates not allowed"),
    ],
)
def test_a_file_that_takes_no_mapping(name: str, text: str, from_: str, reason: str) -> None:
    with pytest.raises(ValueError, match=rf"^no path mapping can be added: .*{reason}$"):
        with_mapping(text, table_of(name), from_, "b")


@pytest.mark.programs
def test_tomlkit_is_not_imported_at_the_start() -> None:
    code = "import sys, alloclens.settings.config_text; sys.exit('tomlkit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
