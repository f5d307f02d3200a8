"""Which methods end what a function of a library returns, and whether the user's texts name one."""

from __future__ import annotations

import pytest
from alloclens.languages.go.endings import is_never_ended

LIBRARY = """package metrics

import "io"

type Timer interface {
	Count() int64
	Stop()
}

type Meter struct{}

func (m *Meter) Mark(n int)  {}
func (m *Meter) Close() error { return nil }

type Counter struct{}

func (c *Counter) Inc() {}

type Registry[T any] struct{}

func NewTimer() Timer                            { return nil }
func NewMeter(name string) (meter *Meter, _ error) { return nil, nil }
func NewCounter() *Counter                       { return nil }
func Now() int64                                 { return 0 }
func Register(c *Counter)                        {}
func (r *Registry[T]) Meter(name string) *Meter  { return nil }
func Elsewhere() io.Closer                       { return nil }
"""
OWN = "package main\n\nfunc main() { m, _ := metrics.NewMeter(`a`); m.Mark(1) }\n"


@pytest.mark.parametrize(
    ("function", "never"),
    [
        ("NewTimer", True),
        ("NewMeter", True),
        ("(*Registry[go.shape.int]).Meter", True),
        ("(*Registry[...]).Meter", True),
        ("NewCounter", False),
        ("Now", False),
        ("Register", False),
        ("Elsewhere", False),
        ("Gone", False),
    ],
)
def test_what_has_an_end_is_never_ended_if_no_text_names_it(function: str, never: bool) -> None:
    assert is_never_ended(f"example.com/metrics.{function}", [LIBRARY], [OWN]) is never


def test_a_text_that_names_the_end_may_end_it() -> None:
    meter, timer = "example.com/metrics.NewMeter", "example.com/metrics.NewTimer"
    ending = f"{OWN}\nfunc stop(m *metrics.Meter) {{ defer m.Close() }}\n"
    assert not is_never_ended(meter, [LIBRARY], [OWN, ending])
    assert is_never_ended(timer, [LIBRARY], [OWN, ending])
    assert not is_never_ended(timer, [LIBRARY], [OWN, "package main\n\nvar stops = []func(){t.Stop}\n"])


def test_broken_texts_say_nothing() -> None:
    assert not is_never_ended("example.com/metrics.NewTimer", ["package metrics\n\nfunc NewTimer() {{{", ""], [OWN])
