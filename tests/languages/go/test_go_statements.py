"""From goroutines to their `go` statements: a real program says in its source, and by labels, which started which."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alloclens.languages.go.go_statements import Root, Start, started_by, statement_at
from alloclens.languages.go.parser import parse_go
from alloclens.profile.formats import read
from alloclens.tables.goroutines import StartFrames, is_dump, start_frames
from hypothesis import given
from hypothesis import strategies as st

from scripts import tools
from tests.support.goservice import labels
from tests.support.profiles import goroutines

if TYPE_CHECKING:
    from typing import Any

    from alloclens.profile.model import Profile

MODULE = "module example.com/shop\n\ngo 1.25\n"
MAIN = """package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"

	work "example.com/shop/jobs"
	. "example.com/shop/tags"
)

type shop struct {
	jobs []*shop
	loop func()
}

type runner interface{ doit() }
type clerk struct{ shop }
type list[T any] struct{ all []T }
type blocked struct{}

func plain()                             { Hold() } // "go plain()"
func sum(a, b int)                       { use(a + b); Hold() }
func result() int                        { Hold(); return 1 }
func gen[T any](T)                       { Hold() }
func genClosure[T any](t T)              { Start("genclosure"); go func() { Hold(); gen(t) }() } // start: genclosure
func (s *shop) fulfil()                  { Hold() }
func (s *shop) withArgs(int)             { Hold() }
func (s shop) value()                    { Hold() }
func (s *shop) run(int, ...string) int   { Hold(); return 0 }
func (s *shop) stored()                  { Hold() }
func (s *shop) handed()                  { Hold() }
func (s *shop) expression()              { Hold() }
func (s *shop) added()                   { Hold() }
func (clerk) doit()                      { Hold() }
func (l *list[T]) each(T)                { Hold() }
func tick()                              { Tag("ticked"); Hold() }
func twice()                             { Hold() }
func (blocked) Read([]byte) (int, error) { Hold(); return 0, nil }
func seq(yield func(int) bool)           { yield(1) }

//go:noinline
func use(int) {}

func inlined() {
	Start("inlined")
	go func() { // start: inlined
		Hold()
	}()
}

func main() {
	s := &shop{}
	s.jobs = []*shop{s}
	Start("plain")
	go plain() // start: plain
	Start("sum")
	go sum(1, 2) // start: sum
	Start("result")
	go result() // start: result
	Start("gen")
	go gen[string]("") // start: gen
	genClosure(1)
	Start("method")
	go s.fulfil() // start: method
	Start("arguments")
	go s.withArgs(1) // start: arguments
	Start("value")
	go s.value() // start: value
	Start("indexed")
	go s.jobs[0].run( // start: indexed
		1, ")",
		`(`,
	)
	Start("expression")
	go (*shop).expression(s) // start: expression
	Start("made")
	go (&clerk{*s}).added() // start: made
	Start("interface")
	var r runner = clerk{}
	go r.doit() // start: interface
	Start("genmethod")
	go (&list[int]{}).each(2) // start: genmethod
	Start("closure")
	go func() { // start: closure
		use(1)
		Hold()
	}()
	Start("outer")
	go func(a int) { // start: outer
		use(a)
		Start("nested")
		go func() { // start: nested
			Hold()
		}()
		Tag("outer")
		each(func() { // the line of the outer one, too
			Hold()
		})
	}(4)
	Start("multi")
	go func( // start: multi
		a int,
	) (struct{}, error) {
		Hold()
		return struct{}{}, nil
	}(
		1,
	)
	Start("variable")
	wait := func() {
		Hold()
	}
	go wait() // start: variable
	Start("field")
	s.loop = func() { // start: field
		Hold()
	}
	go s.loop() // start: field
	Start("package")
	go work.Watch() // start: package
	work.Begin()
	group := &work.Group{}
	Start("helper")
	group.Go(func() {
		Hold()
	})
	Start("direct")
	group.Direct(func() { // start: direct
		Hold()
	})
	Start("directmethod")
	group.Direct(s.handed) // start: directmethod
	Start("stored")
	stored := s.stored // start: stored
	go stored() // start: stored
	var waiting sync.WaitGroup
	Start("waitgroup")
	waiting.Go(func() { // start: waitgroup
		Hold()
	})
	Start("waitgroupfunction")
	waiting.Go(work.Handed) // start: waitgroupfunction
	Start("timer")
	time.AfterFunc(1, func() { // start: timer
		Tag("timer")
		Hold()
	})
	Start("ticked")
	time.AfterFunc(1, tick) // start: ticked
	ctx, cancel := context.WithCancel(context.Background())
	Start("cancelled")
	context.AfterFunc(ctx, func() { // start: cancelled
		Tag("cancelled")
		Hold()
	})
	cancel()
	Start("library")
	go fmt.Fscan(blocked{}, new(int)) // start: library
	Start("first")
	go twice() // start: first
	Start("second")
	go twice() // start: second
	for range seq {
		Start("rangefunc")
		go func() { // start: rangefunc
			Hold()
		}()
	}
	inlined()
	Tag("main")
	Settle()
	for i, form := range []string{"proto", "debug1", "debug2"} {
		file, _ := os.Create(filepath.Join(os.Args[1], form))
		_ = pprof.Lookup("goroutine").WriteTo(file, i)
		file.Close()
	}
	fmt.Println(strconv.Itoa(Started()))
}

//go:noinline
func each(f func()) { f() }
"""
JOBS = """// Package jobs is another one of our own; go Watch() here starts nothing.
package jobs

import "example.com/shop/tags"

type Group struct{}

func Watch()  { tags.Hold() }
func Handed() { tags.Hold() }

func Begin() {
	tags.Start("other")
	go watch() // start: other
}

//go:noinline
func watch() { tags.Hold() }

func (*Group) Go(f func()) {
	go func() { // start: helper
		f()
	}()
}

//go:noinline
func (*Group) Direct(f func()) {
	go f() // start: direct directmethod
}
"""
TAGS = """// Package tags says of a goroutine who started it: it inherits the labels of the one with the go statement.
package tags

import (
	"context"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
)

var started, held atomic.Int32
var never = make(chan int)

func Tag(start string) { pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("start", start))) }

func Start(start string) { started.Add(1); Tag(start) }

//go:noinline
func Hold() { held.Add(1); <-never }

func Started() int { return int(started.Load()) }

func Settle() {
	for held.Load() < started.Load() {
		runtime.Gosched()
	}
}
"""
MARK = re.compile(r"// start: ([\w ]+)$")
SEVERAL = {"first": {"first", "second"}, "second": {"first", "second"}}
"""What the function alone cannot tell apart; `created by` can."""


class Program:
    """What a real program wrote, and what its source says."""

    def __init__(self, folder: Path, *flags: str) -> None:
        files = {"go.mod": MODULE, "main.go": MAIN, "jobs/jobs.go": JOBS, "tags/tags.go": TAGS}
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        self.texts = {str(folder / name): text for name, text in files.items() if name.endswith(".go")}
        environment = tools.environment() | {"GODEBUG": "tracebacklabels=1"}
        run: dict[str, Any] = {"cwd": folder, "env": environment, "timeout": 100}
        subprocess.run([tools.go(), "build", *flags, "-o", "shop", "."], check=True, **run)
        self.count = int(subprocess.run([folder / "shop", folder], check=True, **run, stdout=subprocess.PIPE).stdout)
        self.profiles = {form: read((folder / form).read_bytes()) for form in ("proto", "debug1", "debug2")}

    def marks(self) -> dict[str, set[tuple[str, int]]]:
        """Return the marked lines of each kind."""
        out: dict[str, set[tuple[str, int]]] = {}
        for path, text in self.texts.items():
            for number, line in enumerate(text.split("\n"), 1):
                for kind in found[1].split() if (found := MARK.search(line)) else ():
                    out.setdefault(kind, set()).add((path, number))
        return out

    def found(self, form: str) -> dict[str, list[Start]]:
        """Return what is found for the goroutines of each label."""
        profile = self.profiles[form]
        at = start_frames(profile, self.texts.__contains__)
        out: dict[str, list[Start]] = {}
        for i in range(len(profile)):
            for key, kind in labels(profile, i):
                if key == "start":
                    out.setdefault(kind, []).extend(started(profile, at, i, self.texts))
        return out


def started(profile: Profile, at: StartFrames, i: int, texts: dict[str, str]) -> list[Start]:
    """The way a caller goes: the statement, what called the outermost function, then what called the outermost own one."""
    if at.statement[i] >= 0:
        frame = profile.frame(at.statement[i])
        is_main = statement_at(texts[frame.file], frame.line) is None
        return [] if is_main else [Start(frame.file, frame.line, "go")]
    same = at.own[i] == at.root[i]
    roots = [
        root_of(profile, row, direct=direct) for row, direct in ((at.root[i], True), (at.own[i], same)) if row >= 0
    ]
    return next(filter(None, (started_by(root, texts) for root in roots)), [])


def root_of(profile: Profile, row: int, *, direct: bool) -> Root:
    start_line = int(profile.functions.start_line[profile.frames.function[row]])
    frame = profile.frame(row)
    return Root(frame.function, frame.file, frame.line, start_line, direct)


@pytest.fixture(scope="module", params=["", "-gcflags=./...=-l"], ids=["inlined", "not inlined"])
def program(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Program:
    return Program(tmp_path_factory.mktemp("shop"), *filter(None, [request.param]))


@pytest.mark.programs
@pytest.mark.parametrize("form", ["proto", "debug1", "debug2"])
def test_every_goroutine_is_traced_to_its_mark(program: Program, form: str) -> None:
    marks, found = program.marks(), program.found(form)
    assert found.pop("main") == []
    assert len(marks) == program.count
    assert found.keys() == marks.keys()
    for kind, places in found.items():
        several = SEVERAL.get(kind, {kind}) if form != "debug2" else {kind}
        assert {(file, line) for file, line, _ in places} <= set().union(*(marks[k] for k in several)), kind
        assert {(file, line) for file, line, _ in places} & marks[kind], kind
        assert len(set(places)) >= len(several), kind


@pytest.mark.programs
def test_a_dump_ends_with_the_statements(program: Program) -> None:
    assert [is_dump(program.profiles[form]) for form in ("proto", "debug1", "debug2")] == [False, False, True]


PARSER = """package main

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
)

func name(e ast.Expr) (string, string) {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name, ""
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return e.Sel.Name, x.Name
		}
		return e.Sel.Name, "()"
	case *ast.IndexExpr:
		return name(e.X)
	case *ast.IndexListExpr:
		return name(e.X)
	}
	return "", ""
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	files := token.NewFileSet()
	line := func(at token.Pos) int { return files.PositionFor(at, false).Line }
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		file, err := parser.ParseFile(files, in.Text(), nil, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		fmt.Fprintf(out, "file %s\\n", in.Text())
		var literals []*ast.FuncLit
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.GoStmt:
				called, of := name(node.Call.Fun)
				literal := 0
				if f, ok := node.Call.Fun.(*ast.FuncLit); ok {
					literal = line(f.Pos())
				}
				fmt.Fprintf(out, "go %d %d %q %q %d\\n", line(node.Go), line(node.Call.Rparen), called, of, literal)
			case *ast.FuncLit:
				literals = append(literals, node)
			}
			return true
		})
		for _, literal := range literals {
			fmt.Fprintf(out, "func %d %d\\n", line(literal.Pos()), line(literal.Body.Rbrace))
		}
	}
}
"""
GENERIC_METHOD = re.compile(r"^func \([^)]*\) \w+\[", re.MULTILINE)
"""What Go 1.27 adds, and the grammar does not have yet."""
PACKAGES = ("context", "net/http", "os/signal", "runtime", "sync", "testing", "time")


@pytest.mark.programs
def test_as_gos_own_parser(tmp_path: Path) -> None:
    """The go statements and closures of a part of Go's standard library."""
    (tmp_path / "go.mod").write_text("module example.com/parser\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text(PARSER)
    environment = tools.environment()
    subprocess.run([tools.go(), "build", "-o", "parser", "."], cwd=tmp_path, env=environment, check=True)
    root = subprocess.check_output([tools.go(), "env", "GOROOT"], env=environment, text=True).strip()
    files = [path for package in PACKAGES for path in sorted(Path(root, "src", package).glob("*.go"))]
    files = [path for path in files if not GENERIC_METHOD.search(path.read_text("utf-8"))]
    wanted = subprocess.check_output([tmp_path / "parser"], input="\n".join(map(str, files)), text=True)
    assert "".join(f"file {path}\n{found_in(path.read_text('utf-8'))}" for path in files) == wanted
    assert wanted.count("\ngo ") > 300


def found_in(text: str) -> str:
    going = [f'go {s.line} {s.end} "{s.called}" "{s.of}" {s.literal}\n' for s in parse_go(text).statements]
    return "".join(going + [f"func {c.line} {c.end_line}\n" for c in parse_go(text).closures])


NASTY = """package nasty // go comment()

/* go comment()
go comment() */
const raw, text, quote = `go raw() "
go raw()`, "go \\" text() // ", '"'

func f() {
	go plain()
	go /* here */ list[0].run( // (
		")", ')', `
		)`,
	)
	x := "go "; go later(); go again ()
	if ok { go inBlock(func() { go inArgument() }) }
	go func() {}()
	go func(a []func() error, b struct{ c int }) (func(int) map[string]struct{}, error) { return }(
		nil,
	)
	go Map[string, List[int]](x)
	go pkg.Map[string](x)
	go a.b().c.d()
	go T{1}.value()
	go (&T{}).pointer()
	go (func())(nil)()
	go handlers[i](x)
	go x.(runner).run()
	go
	next(1)
	go s.
		chained().
		last()
	go made()()
	go func() func() { return nil }()()
	go []func(){f}[0]()
	s.gone(); goto go_; cargo(); _go()
	go größe()
	go\tf()
}

type t struct { go_ func() }
"""
P, E = "", "()"


def test_statements() -> None:
    """Lines and names read off by hand."""
    found = {s.line: s for s in parse_go(NASTY).statements}
    assert [tuple(s) for s in parse_go(NASTY).statements] == [
        (9, 9, "plain", P, 0),
        (10, 13, "run", E, 0),
        (14, 14, "later", P, 0),
        (14, 14, "again", P, 0),
        (15, 15, "inBlock", P, 0),
        (15, 15, "inArgument", P, 0),
        (16, 16, "", P, 16),
        (17, 19, "", P, 17),
        (20, 20, "Map", P, 0),
        (21, 21, "Map", "pkg", 0),
        (22, 22, "d", E, 0),
        (23, 23, "value", E, 0),
        (24, 24, "pointer", E, 0),
        (25, 25, "", P, 0),
        (26, 26, "handlers", P, 0),
        (27, 27, "run", E, 0),
        (28, 29, "next", P, 0),
        (30, 32, "last", E, 0),
        (33, 33, "", P, 0),
        (34, 34, "", P, 0),
        (35, 35, "", P, 0),
        (37, 37, "größe", P, 0),
        (38, 38, "f", P, 0),
    ]
    assert statement_at(NASTY, 10) == found[10]
    assert statement_at(NASTY, 12) is None
    assert [tuple(s) for s in parse_go(NASTY.replace("\n", "\r\n")).statements] == [
        tuple(s) for s in parse_go(NASTY).statements
    ]


SHOP = """package shop

import (
	"example.com/x/log"
	other "example.com/x/jobs"
	"gopkg.in/queue.v3"
)

func Serve(s *Cart, log2 *Log) {
	go s.run()
	go log.run()
	go other.Run()
	go queue.Run()
	go private()
	go func() {
		each(func() {
			wait(func() { done() }, func() { done() })
		})
	}()
	log2.Go(s.close, private)
	func() { go shadow.run() }()
}

func private() {
	if s.run == nil { go s.Run() }
	shadow, ok := 1, true; poll := func() { wait() }
	go poll()
	go poll()
}

func elsewhere() { go poll(); register(Cart{serve: private, Name: "private"}) }

var global = func() { wait() }

func init() { go global() }
"""
JOBS_TOO = """package work

func Run() {}

func Again() { go Run() }

func Nested() {
	go first(func() {
		go second(1)
	}, Watch[int])
}
"""
DOTTED = """package dotted

import . "example.com/x/jobs"

func f() { go Run(); go private() }
"""
PLAIN = """package plain

import "example.com/x/jobs"

func f() {
	go work.Run()
	go jobs.Run()
}
"""
TEXTS = {"/w/plain/p.go": PLAIN, "/w/shop/shop.go": SHOP, "/w/jobs/jobs.go": JOBS_TOO, "/w/dotted/d.go": DOTTED}
IN_SHOP, IN_JOBS = "/w/shop/shop.go", "/w/jobs/jobs.go"


@pytest.mark.parametrize(
    ("root", "wanted"),
    [
        (Root("x/shop.(*Cart).run", IN_SHOP, 0), ["shop.go:10 go", "shop.go:21 go"]),  # log is a package, shadow a variable
        (Root("x/shop.(*Cart).run-fm", IN_SHOP, 0), ["shop.go:10 go", "shop.go:21 go"]),
        (Root("x/shop.(*Cart).close", IN_SHOP, 0), ["shop.go:20 handed"]),
        (Root("x/shop.private", IN_SHOP, 0), ["shop.go:14 go", "shop.go:20 handed", "shop.go:31 handed"]),
        (Root("x/shop.private", IN_SHOP, 0, direct=False), ["shop.go:20 handed", "shop.go:31 handed"]),
        (Root("example.com/x/jobs.Run", IN_JOBS, 0), ["d.go:5 go", "jobs.go:5 go", "p.go:6 go", "shop.go:12 go"]),
        (Root("example.com/x/jobs.Watch[...]", IN_JOBS, 0), ["jobs.go:10 handed"]),
        (Root("example.com/x/jobs.Nested.func1.gowrap1", IN_JOBS, 9), ["jobs.go:9 go"]),
        (Root("example.com/y/jobs.Run", IN_JOBS, 0), ["jobs.go:5 go"]),
        (Root("example.com/x/jobs.Run[...]", "/cache/jobs.go", 0), ["d.go:5 go", "p.go:7 go", "shop.go:12 go"]),
        (Root("gopkg.in/queue%2ev3.Run", "/cache/queue.go", 0), ["shop.go:13 go"]),
        (Root("example.com/x/jobs.private", "/cache/jobs.go", 0), []),
        (Root("example.com/x/jobs.T.Run", "/cache/jobs.go", 0), ["p.go:6 go", "shop.go:25 go"]),  # for all the text says, work is a variable
        (Root("x/shop.Serve.func1", IN_SHOP, 19, 15), ["shop.go:15 go"]),
        (Root("x/shop.Serve.func1", IN_SHOP, 19), ["shop.go:15 go"]),
        (Root("x/shop.Serve.func1", IN_SHOP, 16), ["shop.go:15 go"]),
        (Root("x/shop.Serve.func1.1", IN_SHOP, 16), ["shop.go:16 handed"]),
        (Root("x/shop.Serve.func1.1", IN_SHOP, 17), ["shop.go:16 handed"]),
        (Root("x/shop.Serve.func1.1.2", IN_SHOP, 17), ["shop.go:17 handed"]),
        (Root("x/y.main.func1.Serve.func2.3.4", IN_SHOP, 16), ["shop.go:15 go", "shop.go:16 handed"]),
        (Root("x/shop.Serve.func1", IN_SHOP, 19, direct=False), []),
        (Root("x/shop.private.func1", IN_SHOP, 26), ["shop.go:27 go", "shop.go:28 go"]),
        (Root("x/shop.init.func1", IN_SHOP, 33), ["shop.go:35 go"]),
        (Root("x/shop.Serve.gowrap1", IN_SHOP, 10), ["shop.go:10 go"]),
        (Root("x/shop.Serve.gowrap2", IN_SHOP, 19), ["shop.go:15 go"]),
        (Root("x/shop.Serve·dwrap·2", IN_SHOP, 19), ["shop.go:15 go"]),
        (Root("x/shop.Serve.gowrap1", IN_SHOP, 20), []),
        (Root("x/shop.Serve.func1", IN_SHOP, 3, 3), []),
        (Root("x/shop.Serve.func1", "/w/gone.go", 15, 15), []),
        (Root("x/shop." + "a" * 2000, IN_SHOP, 15, 15), []),
        (Root("", "", 0), []),
    ],
)  # fmt: skip
def test_started_by(root: Root, wanted: list[str]) -> None:
    found = started_by(root, TEXTS)
    assert sorted(f"{file.rpartition('/')[2]}:{line} {how}" for file, line, how in found) == wanted


ASSIGNED = """package p

func f() {
	a, b := func() { wait() }, func() { hold() }
	var c func() = func() {
		wait()
	}
	go a()
	go b()
	go c()
}
"""


@pytest.mark.parametrize(("function", "line", "wanted"), [("x/p.f.func1", 4, [8, 9]), ("x/p.f.func3", 6, [10])])
def test_closures_of_one_assignment_and_of_a_typed_variable(function: str, line: int, wanted: list[int]) -> None:
    """Two closures on one line cannot be told apart, but neither is the other's."""
    assert started_by(Root(function, "/p.go", line), {"/p.go": ASSIGNED}) == [Start("/p.go", n, "go") for n in wanted]


def test_the_outermost_frames() -> None:
    """By hand, where no Go program is needed: own frames between a library's, inlined ones, none at all."""
    profile = read(
        goroutines(
            "chanrecv@/go/chan.go:1 < main.a@/w/a.go:2 < sort.Slice@/go/sort.go:3 < main.b@/w/a.go:4 < x.Go@/go/x.go:5 = 1",
            "main.a@/w/a.go:6 + main.c@/w/a.go:7 < runtime.goexit@/go/asm.s:8 = 1",
            "x.Go@/go/x.go:9 + x.Do@/go/x.go:10 = 1",
            " = 1",
        )
    )
    at = start_frames(profile, lambda file: file.startswith("/w/"))
    lines = [
        [profile.frame(row).line if row >= 0 else -1 for row in column] for column in (at.statement, at.own, at.root)
    ]
    assert lines == [[-1] * 4, [4, 7, -1, -1], [5, 7, 10, -1]]
    dump = "goroutine 7 [running]:\n{}\n\ngoroutine 8 [running]:\nmain.main()\n\t/w/a.go:9\n"
    frames = "main.a()\n\t/w/a.go:1\nx.Go()\n\t/go/x.go:2\ncreated by {} in goroutine 1\n\t{}:3"
    for creator, file, wanted in (("x.Go", "/go/x.go", -1), ("main.main", "/w/a.go", 3)):
        profile = read(dump.format(frames.format(creator, file)).encode())
        at = start_frames(profile, lambda file: file.startswith("/w/"))
        assert [profile.frame(row).line if row >= 0 else -1 for row in at.statement] == [wanted, 9]
        assert [profile.frame(row).line if row >= 0 else -1 for row in at.own] == [1, -1]
        assert profile.frame(at.root[0]).line == 2


HOSTILE = ("go ", "go f(", "go func() {", "func() ", "func() func(", "go x.y,", '"\\"', "/*", "'\\'", "`", "go x[", "go x[]()",
           'import (\na "b"\n', "x.f,x.f\n", "f :=", "a" * 50, "\n}", "go f(x.f);\n", "x:=func(){\n", "  ")  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("part", HOSTILE)
def test_time_is_linear(part: str) -> None:
    """With a square of this many parts in any step, the test would not end in its time."""
    text = "package x\n" + part * 50_000
    for function in ("x.f", "x.T.f", "x.f.func1", "x.f.gowrap1"):
        assert len(started_by(Root(function, "/x.go", 25_000), {"/x.go": text})) <= 50_000


WORDS = st.sampled_from(
    [*HOSTILE, "go", "func", "(", ")", "{", "}", "[", "]", ".", "x", "f", "struct", "\n", "=", ":", ",", "package x"]
)
FUNCTIONS = st.sampled_from(["x.f", "x.T.f", "x.f.func1", "x.f.func1.2", "x.f.gowrap1", "x.(*T[...]).f-fm"])


@given(st.one_of(st.text(), st.lists(WORDS).map("".join)), st.one_of(FUNCTIONS, st.text()), st.integers(0, 9))
def test_nothing_raises(text: str, function: str, line: int) -> None:
    last = text.count("\n") + 1
    assert all(1 <= s.line <= s.end <= last and 0 <= s.literal <= s.end for s in parse_go(text).statements)
    for start_line in (0, line):
        for direct in (False, True):
            found = started_by(Root(function, "/x.go", line, start_line, direct), {"/x.go": text, "/y/y.go": text})
            assert all(1 <= start.line <= last for start in found)
            assert found == sorted(set(found))
