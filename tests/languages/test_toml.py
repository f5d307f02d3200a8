"""The lines of keys in TOML, known by how each text is put together."""

from __future__ import annotations

from alloclens.languages.toml import line_at_end, lines_of_keys
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.sampled_from(
    ["1", "'x = 1'", '"\\"#["', "'''\n[no]\nx = 1\n'''", '"""\n\\"""\n"""', "[\n1, # ]\n[2],\n]", "{ a.b = 1, c = [1] }", "1979-05-27"]
)  # fmt: skip
KEYS = {"plain": ("plain",), '"a b"': ("a b",), "'c.d' . e": ("c.d", "e"), "1.5": ("1", "5"), '"\\u0041"': ("A",)}
GAPS = st.sampled_from(["", "\n", "# [x]\n", "  # k = 1\n\n"])
PAIRS = st.lists(st.tuples(GAPS, st.sampled_from(list(KEYS)), VALUES), max_size=5, unique_by=lambda pair: pair[1])


@given(PAIRS, st.lists(st.tuples(st.booleans(), PAIRS), max_size=4), st.sampled_from(["\n", "\r\n"]))
def test_each_key_is_on_the_line_where_it_was_put(
    first: list[tuple[str, str, str]], tables: list[tuple[bool, list[tuple[str, str, str]]]], end: str
) -> None:
    wanted: dict[tuple[str | int, ...], int] = {}
    text, items = "", 0
    for number, (is_list, pairs) in enumerate([(False, first), *tables]):
        table: tuple[str | int, ...] = ()
        if number:
            table = ("list", items) if is_list else (f"t{number}", "u")
            wanted.setdefault(table[:1], text.count("\n") + 1)
            wanted[table] = text.count("\n") + 1
            text += "[[ list ]]\n" if is_list else f"[t{number}.u] # c\n"
            items += is_list
        for gap, key, value in pairs:
            text += gap
            for depth in range(1, len(KEYS[key]) + 1):
                wanted[(*table, *KEYS[key][:depth])] = text.count("\n") + 1
            text += f"{key} = {value}\n"
    assert lines_of_keys(text.replace("\n", end)) == wanted
    assert line_at_end(text + "\nopen = [\n1,\n\n") == text.count("\n") + 2
