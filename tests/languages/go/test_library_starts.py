"""From what a library's goroutine runs to the user's lines that may have started it."""

from __future__ import annotations

from alloclens.languages.go.library_starts import lines_that_start

LIBRARY = [
    """package rotate

func New(name string) *Log {
	l := &Log{}
	go l.flush()
	go func() { l.watch() }()
	return l
}

func (l *Log) Write(p []byte) (int, error) {
	return l.open(p)
}

func (l *Log) Close() error { return nil }
""",
    """package rotate

func (l *Log) open(p []byte) (int, error) {
	l.once.Do(func() { go l.mill() })
	return 0, nil
}

func (l *Log) Rotate() { l.Write(nil) }
func (l *Log) mill()  { for range l.work {} }
func (l *Log) flush() { for {} }
func (l *Log) watch() {}
""",
]
OWN = {
    "/own/main.go": """package main

import (
	"os"

	"example.com/rotate.v2"
)

func main() {
	log := rotate.New("a")
	log.Write(nil)
	defer log.Close()
	open(nil)
	log.Rotate()
}
""",
    "/own/other.go": 'package main\n\nimport "os"\n\nfunc other(f *os.File) { f.Write(nil) }\n',
}


def started(function: str) -> list[tuple[str, int]]:
    return lines_that_start(f"example.com/rotate%2ev2.{function}", LIBRARY, OWN)


def test_the_exported_functions_through_which_it_is_started_are_looked_for() -> None:
    """Only in files that import the package, those that are called most directly first."""
    assert started("(*Log).mill") == [("/own/main.go", 11), ("/own/main.go", 14)]


def test_a_closure_is_started_by_the_function_around_it() -> None:
    assert started("New.func1") == [("/own/main.go", 10)]
    assert started("(*Log).flush") == [("/own/main.go", 10)]


def test_what_nobody_calls_has_no_line() -> None:
    assert started("(*Log).gone") == []
    assert lines_that_start("example.com/rotate%2ev2.(*Log).mill", ["}{", ""], OWN) == []
    assert lines_that_start("", LIBRARY, OWN) == []
