"""What functions are called, by the names that linkers know them by. tests/cli/test_pprof.py has pprof's names beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.profile.formats import read
from alloclens.symbols import demangle
from alloclens.symbols.demangle import demangled, readable

from tests.support.profiles import Builder

if TYPE_CHECKING:
    from collections.abc import Callable

    from alloclens.profile.model import Profile


@pytest.mark.parametrize(
    ("mangled", "name"),
    [
        ("_ZN5boost3fooIiEEvT_", "boost::foo"),
        ("_ZNKSt6vectorIiSaIiEE4sizeEv", "std::vector::size"),
        ("_ZN1AlsERKi", "A::operator<<"),
        ("_ZN1AclEv", "A::operator()"),
        ("_ZN1AcvSsEv", "A::operator std::string"),
        ("_ZNK1AptEv", "A::operator->"),
        ("_ZN1AixEi", "A::operator[]"),
        ("_Znwm", "operator new"),
        ("_ZN12_GLOBAL__N_13fooEv", "(anonymous namespace)::foo"),
        ("_ZSt4moveIRiEONSt16remove_referenceIT_E4typeEOS2_", "std::move"),
        ("_ZN3FooD1Ev", "Foo::~Foo"),
        ("_Z3fooi.isra.0", "foo"),
        ("_Z1gIXadL_Z1fvEEEvv", "g"),
        ("_ZN2rs14Store$LT$T$GT$4keep17hfaf656214893cc7eE", "rs::Store<T>::keep"),
        ("_RNvMCsbFYJioi4cCO_2rsINtB2_5StoreyE4keepB2_", "<rs::Store<>>::keep"),
        ("main.(*Cache[int]).Put", "main.(*Cache[int]).Put"),
        (  # of GCC; LLVM's demangler cannot read it, c++filt can
            "_ZSt11make_sharedISt6vectorIcSaIcEEJicEESt10shared_ptrINSt9enable_ifIXntsrSt8is_arrayIT_E5valueES6_E4typeEEDpOT0_",
            "std::make_shared",
        ),
        ("_Z4makeI3BoxEN3stdIXntsrSt8is_arrayIT_E5valueES6_E4typeEv", "make"),
        ("_Znonsense", "_Znonsense"),
        ("_Z99nonsenseI", "_Z99nonsenseI"),
        ("main", "main"),
        ("main.isra.0.cold", "main"),
        ("", ""),
    ],
)
def test_names(mangled: str, name: str) -> None:
    assert demangled(mangled) == name


DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def doubling(times: int) -> str:
    """Return a function of pairs, each of two of the pair before."""
    names = ["S_", *(f"S{digit}_" for digit in DIGITS)]
    pairs = "".join(f"S_I{names[i + 1] * 2}E" for i in range(times))
    return f"_Z1fSt4pairIiiE{pairs}"


def doubling_in_rust(times: int) -> str:
    out, at = "_RINvC1a1fThhE", 8
    for _ in range(times):
        digits, begin = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", len(out) - 2
        number = at - 1
        reference = f"B{digits[number // 62] if number >= 62 else ''}{digits[number % 62]}_"
        out, at = f"{out}T{reference * 2}E", begin
    return out + "E"


@pytest.mark.parametrize("made", [doubling, doubling_in_rust])
def test_a_name_that_would_become_a_gigabyte_stays_mangled(made: Callable[[int], str]) -> None:
    pydemumble = pytest.importorskip("pydemumble")
    assert len(pydemumble.demangle(made(12))) > 4 * len(pydemumble.demangle(made(10))) - 1000 > 0
    assert demangled(made(4)) in ("f", "a::f::<>")
    for times in (25, 35):
        assert demangled(made(times)) == made(times)


@pytest.mark.parametrize(
    "name", ["_Z1f" + "P" * 10**6 + "i", "_Z1f" + "N1aI" * 10**5, "_R" + "I" * 10**6, "_Z" + "S1_" * 10**6]
)
def test_a_mangled_name_of_a_megabyte(name: str) -> None:
    """The demangler calls itself for each part within a part: it would run out of stack."""
    assert demangled(name) == name


def of_functions(*names: str) -> Profile:
    made = Builder(("inuse_space", "bytes"))
    for name in names:
        made.sample(f"{name}@/w/a.cc:1", [1])
    return read(made.bytes())


def test_what_all_names_of_a_profile_may_become_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"_Z{len(name)}{name}v" for name in (f"f{i}" for i in range(10))]
    assert readable(of_functions(*names))[1] == ()
    monkeypatch.setattr(demangle, "MAX_PROFILE_CHARACTERS", 20)
    profile, notes = readable(of_functions(*names))
    assert notes == (demangle.TOO_LARGE,)
    assert {name.startswith("_Z") for name in profile.text(profile.functions.name)} == {True, False}
    assert readable(of_functions(doubling(30)))[1] == (demangle.TOO_LARGE,)


def test_without_the_demangler_the_user_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demangle, "_demangler", lambda: lambda _: "")
    mangled, plain = of_functions("_ZN3foo3barEv"), of_functions("main.f")
    assert readable(mangled) == (mangled, (demangle.NOT_HERE,))
    assert readable(plain) == (plain, ())
