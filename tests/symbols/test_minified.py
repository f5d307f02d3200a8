"""Where functions are in minified JavaScript, as it is seen from their names alone."""

from __future__ import annotations

import pytest
from alloclens.symbols.minified import MAX_OCCURRENCES, MAX_PARAMETERS, column_of


@pytest.mark.parametrize(
    ("line", "name"),
    [
        # ▸ stands before what is to be found, which the line itself does not have.
        ("var i=1;function h▸(e){return e}h(i)", "h"),
        ("var i=1;async function*h▸(e){}", "h"),
        ("var s=▸class{all=[];open(t){}}", "s"),
        ("class s▸{all=[]}new s;", "s"),
        ("class s{open▸(t=(1)){u.open(t)}}open(2);", "open"),
        ("class s{static async*open▸(t){}}", "open"),
        ("_s_open=function _s_open▸(t){},_s_all=function _s_all(t){}", "_s_open"),
        ("open=function all▸(t){},all(2);", "all"),
        ("var s=class s▸{all=[]};", "s"),
        ("class s{open▸({a:b},[c]){if(open(b)){c()}}}", "open"),
        ("var i=[],p=▸e=>{p(e)};", "p"),
        ("var i=[],p=▸(e,t=f(1))=>{p(e)};p==(1);p=(2)", "p"),
        ("var o={p:▸async(e)=>e,q:1}", "p"),
        ("var o={p:▸async function(e){}}", "p"),
        ("p||=▸e=>e", "p"),
        ('var o={"p":▸function(){}}', "p"),
        ("var é='é';function h▸(e){}", "h"),
        ("var 𝒳='𝒳';function h▸(e){}", "h"),
        ("function h▸(e){}function hh(e){}function $h(e){}x.h=function(){}", "h"),
    ],
)
def test_a_function_is_found_by_its_only_declaration(line: str, name: str) -> None:
    before, _, after = line.partition("▸")
    assert column_of(name, (before + after).encode()) == len(before.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("h(1);h=2;if(h){}", "h"),
        ("function h(){}var o={h(){}}", "h"),
        ("class s{open(t){}}class u{open(t=')'){}}", "open"),
        ("class s{open(t){}}class u{open(t=`)`){}}", "open"),
        ("class s{open(t){}}class u{#open(t){}}", "open"),
        ("class s{open(t){}}class u{['open'](t){}}", "open"),
        ("function h(){}(({h=()=>1})=>h)({})", "h"),
        (f"function h(){{}}class s{{h({'a,' * MAX_PARAMETERS}b){{}}}}", "h"),
        (f"function h(){{}}{'h();' * MAX_OCCURRENCES}", "h"),
        ("function h(){}", "a.h"),  # what is assigned to a property, of which V8 infers the name
        ("function h(){}", "get h"),
        ("function h(){}", "(anonymous)"),
        ("function h(){}", ""),
    ],
)
def test_what_may_be_elsewhere_is_nowhere(line: str, name: str) -> None:
    assert column_of(name, line.encode()) is None


def test_a_function_without_a_name_is_named_by_its_column() -> None:
    assert column_of("(anonymous:L#1:C#8)", b"(()=>1)(()=>2)") == 7
