"""The protocol beyond LSP: commands with their arguments and answers, and a notification.

docs/protocol.md explains it, and `make protocol` writes vscode-client/src/protocol.ts and the examples on that page. A command is a class whose
fields are its arguments. Lines of documents are 0-based, as in LSP; a `file` with its `line` is as recorded in the profile,
1-based.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Generic, Literal, TypeVar

import msgspec

from alloclens.settings.settings import Severity, Source  # noqa: TC001 - msgspec reads the fields of a class
from alloclens.tables.stack_tree import Direction  # noqa: TC001 - as above
from alloclens.typed import Message, ready
from alloclens.wording.explain import Placement
from alloclens.wording.flame import Flame, Timeline
from alloclens.wording.labelled_growth import LabelledGrowth  # noqa: TC001 - msgspec reads the fields of a class
from alloclens.wording.profile import Graph, ProfileTable

Answer = TypeVar("Answer")
Uinteger = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
"""LSP's type of a line of a document."""
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""The type of a line in a profile."""


class Command(Message, Generic[Answer], frozen=True):
    """A command of the server. Its fields are its arguments, in order."""

    name: ClassVar[str]


class Position(Message, frozen=True):
    """A position, as in LSP."""

    line: int
    character: int


class Range(Message, frozen=True):
    """A range, as in LSP."""

    start: Position
    end: Position


class Location(Message, frozen=True):
    """A location, as in LSP."""

    uri: str
    range: Range


# What the client can do

SHOW_STACKS = "alloclens.showStacks"
"""A command of the client that shows the call stacks of a line: (uri, line)."""
EXPLAIN = "alloclens.explain"
"""A command of the client that shows where recorded files lie: (uri)."""
COPY_FOR_AGENT = "alloclens.copyForAgent"
"""A command of the client that copies the text of the findings with an id: (id)."""


class Abilities(Message, frozen=True):
    """What a client announces as `alloclens` in `capabilities.experimental`."""

    commands: list[str]
    """Commands of the client that the server may use in its answers."""
    status: bool
    """Whether it handles the notification `alloclens/status`."""
    capture: bool
    """Whether it handles the notification `alloclens/capture`."""
    sources: bool
    """Whether it handles the notification `alloclens/source`."""


VSCODE = Abilities([SHOW_STACKS, EXPLAIN, COPY_FOR_AGENT], status=True, capture=True, sources=True)
"""What the VS Code extension announces."""


# Status

State = Literal["empty", "loading", "ok", "problem"]


class Status(Message, frozen=True):
    """The params of the notification after every change: what to show in a status bar."""

    method: ClassVar[str] = "alloclens/status"
    state: State
    text: str
    tooltip: str
    """Markdown."""
    plain_tooltip: str
    """The tooltip without the marks of Markdown."""
    focus: str
    """Which samples are shown, in words; empty if all are."""
    series: str
    """The name of the shown series; empty if there are no others."""
    compares: bool
    """Whether files that the user named are compared or shown."""


# Capturing

CaptureKind = Literal["named", "heap", "goroutine", "goroutineleak", "all"]


class CaptureState(Message, frozen=True):
    """The params of the notification after every capture: what is captured, and what came of it."""

    method: ClassVar[str] = "alloclens/capture"
    running: bool
    """Whether it will be captured again, or is being captured for the first time."""
    source: str
    """What is captured from, without credentials; empty before the first capture."""
    every: int
    """Seconds between captures; 0 if only once."""
    taken: int
    """The number of captures so far."""
    latest: tuple[str, ...]
    """The paths of the files of the last capture."""
    error: str
    """Why the last attempt failed; empty if it did not."""


@ready
class CaptureOptions(Message, frozen=True):
    """What to capture, and how often."""

    kind: CaptureKind = "named"
    """`named` is what the URL names, a heap if it names none; `all` is heap, goroutines, and leaked ones if there is such a profile."""
    every: Annotated[int, msgspec.Meta(ge=0, le=86400)] = 0
    """Seconds from capture to capture; 0 captures once."""
    seconds: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 0
    """If not 0, what is allocated and freed during this many seconds is captured, instead of what is in use."""
    gc: bool = False
    """Whether the program collects garbage before it writes a heap profile."""


@ready
class Choices(Message, frozen=True, omit_defaults=True):
    """Settings that are chosen in a session. Those without a value are not written."""

    series: str | None = None
    base: str | None = None
    head: str | None = None
    sample_type: str | None = None
    hints: bool | None = None


class CaptureTarget(Message, frozen=True):
    """A program that can be captured from."""

    url: str
    name: str
    detail: str


class CaptureTargets(Message, frozen=True):
    """What answers on this machine, or the pods of Kubernetes."""

    targets: list[CaptureTarget]
    kubectl: bool
    """Whether pods can be listed."""
    problem: str
    """Why pods could not be listed; empty if they were, or were not asked for."""


class StartCapture(Command[str | None], frozen=True):
    """Capture from a URL into a profile directory, and stop what was captured before. Returns the error of the first capture."""

    name = "alloclens.server.capture"
    url: str
    """Of a program that serves profiles, as `alloclens capture` takes it, or of a pod: `pod://namespace/name:port`."""
    options: CaptureOptions = CaptureOptions()


class CaptureNow(Command[str | None], frozen=True):
    """Capture once more from the last program. Returns the error if it fails."""

    name = "alloclens.server.captureNow"


class StopCapture(Command[None], frozen=True):
    """Stop capturing."""

    name = "alloclens.server.stopCapture"


class GetCaptureTargets(Command[CaptureTargets], frozen=True):
    """Return the programs on this machine that serve profiles, or the running pods."""

    name = "alloclens.server.captureTargets"
    pods: bool = False


# Profile servers and buckets


class SourceState(Message, frozen=True):
    """The params of the notification while snapshots are fetched: how far it is, and why it failed."""

    method: ClassVar[str] = "alloclens/source"
    name: str
    running: bool
    done: int
    """Processes of which all is fetched."""
    total: int
    written: int
    """New snapshots."""
    error: str
    """Why it failed; empty if it did not."""
    notes: tuple[str, ...]
    """What the user should know of it, such as what was left out, and why."""


class ListedSource(Message, frozen=True):
    """A source of the settings."""

    source: Source
    asks: str
    """What is asked, and with which credentials; empty if the settings are wrong."""
    allowed: bool
    """Whether the user has allowed that in this workspace."""
    snapshots: int
    """Those that were fetched and are still kept."""
    running: bool
    error: str
    """Why it was not fetched from the last time, or what is wrong with the settings."""
    notes: tuple[str, ...]
    """What the user should know of the last fetch, such as what was left out, and why."""


class SourceTest(Message, frozen=True):
    """What a source answered."""

    text: str
    """What it has, in a few words."""
    services: tuple[str, ...]
    """Their names, if the source lists them."""
    label: str
    """The label that names a service in `select`."""
    error: str
    """Why it did not answer; empty if it did."""


class SourceProcess(Message, frozen=True):
    """A process of which a source has snapshots."""

    labels: tuple[tuple[str, str], ...]
    """Names and values. They tell it from others."""
    service: str
    version: str
    """Empty if no label tells it."""
    instance: str
    detail: str
    """What it has in use, how that grew, and when the newest snapshot was taken."""


class SourceProcesses(Message, frozen=True):
    """The processes of a source, those first that grow most."""

    processes: tuple[SourceProcess, ...]
    more: int
    """How many are left out."""
    error: str
    """Why the source did not answer; empty if it did."""


@ready
class FetchOptions(Message, frozen=True):
    """What to fetch."""

    seconds: Annotated[int, msgspec.Meta(ge=60, le=366 * 86400)] = 3600
    """How far back."""
    every: Annotated[int, msgspec.Meta(ge=0, le=86400 * 31)] = 0
    """At most one snapshot of a process in so many seconds; 0 for 60 snapshots in all of the time."""
    processes: tuple[tuple[tuple[str, str], ...], ...] = ()
    """The `labels` of the processes; without any, the 16 that grow most."""


class GetSources(Command[tuple[ListedSource, ...]], frozen=True):
    """Return the sources of the settings."""

    name = "alloclens.server.sources"


class TestSource(Command[SourceTest], frozen=True):
    """Ask a source what it has, after the user has allowed its address."""

    name = "alloclens.server.testSource"
    source: Source


class WriteSource(Command[str | None], frozen=True):
    """Write a source to the settings file. Returns the file's path, or null after showing why that failed."""

    name = "alloclens.server.writeSource"
    source: Source


class GetSourceProcesses(Command[SourceProcesses], frozen=True):
    """Return the processes of which a source has snapshots of these last seconds."""

    name = "alloclens.server.sourceProcesses"
    source: Source
    seconds: Annotated[int, msgspec.Meta(ge=60, le=366 * 86400)] = 3600


class FetchSnapshots(Command[str | None], frozen=True):
    """Fetch snapshots from a source that are not there yet. Returns the error if it fails."""

    name = "alloclens.server.fetch"
    source: Source
    options: FetchOptions = FetchOptions()


class StopFetch(Command[None], frozen=True):
    """Stop fetching from the source of this name."""

    name = "alloclens.server.stopFetch"
    source: str


# Call stacks


class StackFrame(Message, frozen=True):
    """A frame of a call stack."""

    label: str
    location: Location | None
    own: bool


class LineStack(Message, frozen=True):
    """A call stack, leaf first."""

    label: str
    frames: list[StackFrame]


class LineStacks(Message, frozen=True):
    """The heaviest call stacks of a line."""

    title: str
    stacks: list[LineStack]


class StackTreeNode(Message, frozen=True):
    """A frame in the tree of a line's callers or callees."""

    id: str
    """JSON: [function, file, line, binary]; the name of a kind of profile, if there are several; empty in the row for all nodes left out."""
    label: str
    detail: str
    location: Location | None
    own: bool
    leaf: bool


class ShowStackPage(Command[str | None], frozen=True):
    """Write the call stacks of a line to a file and have the editor show it. Returns the file's path."""

    name = "alloclens.server.stackPage"
    uri: str
    line: Uinteger


class GetStacks(Command[LineStacks | None], frozen=True):
    """Return the heaviest call stacks of a line."""

    name = "alloclens.server.stacks"
    uri: str
    line: Uinteger


class GetStackTree(Command[list[StackTreeNode]], frozen=True):
    """Return the children of a node in the tree of a line's callers or callees, heaviest first."""

    name = "alloclens.server.stackTree"
    uri: str
    line: Uinteger
    direction: Direction
    path: tuple[str, ...]
    """The ids from the root to the node; an empty path returns the roots, one for each function on the line."""


# Hot lines


class HotLine(Message, frozen=True):
    """A line that holds memory."""

    label: str
    sorted_label: str
    """The same, but its first number is the one that sorts: 7.5MB owned."""
    location: Location | None
    edited: bool
    """Whether its file is here, but the line has been changed or deleted since."""
    function: str
    file: str
    line: int
    own: bool
    flat: int
    cum: int
    owned: int
    growth: LabelledGrowth | None
    """Null without a base."""
    grew: bool
    """Whether it grew significantly in any kind of profile."""


@ready
class HotLinesQuery(Message, frozen=True):
    """Selects and sorts hot lines."""

    own: bool = True
    """Only lines of the user's own code that have a location."""
    sort: Literal["owned", "flat", "cum", "growth"] = "owned"
    filter: str = ""
    """A part of the function's or the file's name, ignoring case."""
    most: int = 200


class GoToHotLine(Command[Location | None], frozen=True):
    """Have the editor show the next (1) or the previous (-1) hot line. Returns its location."""

    name = "alloclens.server.hotLine"
    uri: str
    line: Uinteger
    step: Literal[1, -1]


class GetHotLines(Command[list[HotLine]], frozen=True):
    """Return the hot lines, heaviest first."""

    name = "alloclens.server.hotLines"
    options: HotLinesQuery = HotLinesQuery()


# Findings


class ListedFinding(Message, frozen=True):
    """A line with a verdict."""

    id: str
    """A fingerprint, the same for all findings of one code on a function, in one sample type; it stays when lines move."""
    verdict: str
    code: str
    severity: Severity
    label: str
    detail: str
    tooltip: str
    """Markdown."""
    location: Location | None
    """Of its line; of its function if the line was edited."""
    edited: bool
    """Whether its file is here, but the line has been changed or deleted since."""
    function: str
    file: str
    line: int


class Findings(Message, frozen=True):
    """The lines that leak or grow, and those with another verdict that is shown, worst first; then candidates."""

    findings: list[ListedFinding]
    nothing: str
    """Why no line leaks or grows; empty if one does, or if there is no profile."""


class GetFindings(Command[Findings], frozen=True):
    """Return the findings."""

    name = "alloclens.server.findings"


class GetFindingText(Command[str], frozen=True):
    """Return the findings of this `id` as plain text for an agent: verdict, stack, source lines and the usual fix; "" for none."""

    name = "alloclens.server.findingText"
    id: str


# Snapshots


class SeriesSnapshot(Message, frozen=True):
    """A snapshot of a series."""

    name: str
    path: str
    label: str
    """The user's, or empty."""
    time: str
    detail: str
    size: str
    base: bool
    head: bool
    begins: bool
    """Whether a process starts here."""


class ListedSeries(Message, frozen=True):
    """The snapshots of one service."""

    name: str
    """Of the service, as the setting `series` takes it."""
    directory: str
    program: str
    sample_types: list[str]
    sample_type: str
    """Of the numbers."""
    shown: bool
    snapshots: list[SeriesSnapshot]
    """Newest first."""
    more: int
    """Number of older snapshots that are left out."""
    process: int
    """Number of snapshots of the latest process."""


class UnreadableFile(Message, frozen=True):
    """A file that could not be read."""

    name: str
    path: str
    reason: str


class AllSeries(Message, frozen=True):
    """Everything in the profile directories."""

    series: list[ListedSeries]
    problems: list[UnreadableFile]


class SeriesChoice(Message, frozen=True):
    """A series that can be chosen: a service, or one of its processes, with all its kinds of profiles."""

    name: str
    detail: str
    shown: bool
    elsewhere: bool
    """Whether no file of the workspace is in it."""


class SnapshotChoice(Message, frozen=True):
    """A snapshot that can be chosen as base or head."""

    name: str
    directory: str
    label: str
    """The user's, or empty."""
    time: str
    detail: str
    """What it has in total."""
    base: bool
    head: bool
    begins: bool
    """Whether a process starts there."""
    base_words: list[str]
    """The words of the setting `base` that mean this one: `first`, `previous`, `latest`, `yesterday`."""
    head_words: list[str]
    """Of the setting `head`."""


class SampleTypeChoice(Message, frozen=True):
    """A sample type that can be chosen."""

    name: str
    unit: str
    selected: bool


class GetSeries(Command[AllSeries], frozen=True):
    """Return all series with their newest snapshots, and the files that could not be read."""

    name = "alloclens.server.series"


class GetSeriesChoices(Command[list[SeriesChoice]], frozen=True):
    """Return the series that can be chosen, the shown one first."""

    name = "alloclens.server.seriesChoices"


class ShowSeries(Command[str | None], frozen=True):
    """Show a series until another is chosen; an empty name follows the active file. Returns the error if it fails."""

    name = "alloclens.server.showSeries"
    series: str


class PickSeries(Command[None], frozen=True):
    """Have the editor ask which series to show."""

    name = "alloclens.server.pickSeries"


class SetActiveFile(Command[None], frozen=True):
    """Say which file the user looks at: unless a series is chosen, the shown series follows it."""

    name = "alloclens.server.activeFile"
    uri: str


class CompareFiles(Command[str | None], frozen=True):
    """Compare two profiles, wherever they are, until `leaveComparison`. Returns the error if it fails."""

    name = "alloclens.server.compare"
    base: str
    """An absolute path; empty to show the head alone."""
    head: str
    sample_type: str = ""
    """To show instead of the chosen one, if the files have it."""
    base_begun: float = 0
    """When the editor began to build and run the program that wrote the base, in seconds since 1970; 0 if the editor did not do it."""
    head_begun: float = 0
    """The same of the head."""


class LeaveComparison(Command[None], frozen=True):
    """Show what was shown before two files were compared."""

    name = "alloclens.server.leaveComparison"


class GetSnapshots(Command[list[SnapshotChoice]], frozen=True):
    """Return the newest snapshots of the shown series, and its base and head."""

    name = "alloclens.server.snapshots"


class GetSampleTypes(Command[list[SampleTypeChoice]], frozen=True):
    """Return all sample types."""

    name = "alloclens.server.sampleTypes"


class SetLabel(Command[str | None], frozen=True):
    """Label a snapshot; an empty label removes it. Returns the error if it fails."""

    name = "alloclens.server.label"
    path: str
    label: str


# Focus


@ready
class FocusStep(Message, frozen=True, omit_defaults=True):
    """Selects the samples to keep in focus."""

    focus: str = ""
    """A pattern, as for pprof's -focus."""
    ignore: str = ""
    function: str = ""
    """The exact name of a function."""
    ignore_function: str = ""
    stack: tuple[str, ...] = ()
    """Exact names of functions, all of which a sample has to pass through."""


class AddFocus(Command[str | None], frozen=True):
    """Add a step to the focus. Returns the error in a pattern, if there is one."""

    name = "alloclens.server.focus"
    step: FocusStep


class Unfocus(Command[None], frozen=True):
    """Remove the last step, or every step."""

    name = "alloclens.server.unfocus"
    every: bool = False


# Placement


class SuggestedMapping(Message, frozen=True):
    """A path mapping that would find missing files."""

    from_: str = msgspec.field(name="from")
    to: str
    label: str


class ExplainPlacement(Command[str], frozen=True):
    """Return the placement of all recorded files and of a document as plain text."""

    name = "alloclens.server.explain"
    uri: str = ""


class GetPlacement(Command[Placement], frozen=True):
    """Return the same as paragraphs and a table."""

    name = "alloclens.server.placement"
    uri: str = ""


class TellWhy(Command[None], frozen=True):
    """Show a message that says why a document has no numbers."""

    name = "alloclens.server.tellWhy"
    uri: str


class GetMappings(Command[list[SuggestedMapping]], frozen=True):
    """Return the path mappings that would find missing files, best first."""

    name = "alloclens.server.mappings"


class WriteChoices(Command[str | None], frozen=True):
    """Write what is chosen to the settings file. Returns the file's path."""

    name = "alloclens.server.writeChoices"
    choices: Choices


class AddMapping(Command[str | None], frozen=True):
    """Write a path mapping to the settings file. Returns the file's path."""

    name = "alloclens.server.addMapping"
    recorded: str
    to: str


# Pictures


@ready
class FlameOptions(Message, frozen=True):
    """Selects a flame graph."""

    inverted: bool = False
    path: tuple[tuple[str, str], ...] = ()
    """Name and file of each node on the path from the root to the one to zoom in on."""
    search: str = ""
    """A part of a function's name."""


@ready
class RequestedLine(Message, frozen=True):
    """A line of a document (`uri`, 0-based) or as recorded (`file`, 1-based). No line if both are empty."""

    uri: str = ""
    file: str = ""
    line: Int64 = 0


@ready
class ProfileFile(Message, frozen=True):
    """Selects a profile by its absolute path instead of what is shown."""

    path: str = ""
    """If it is empty, what is shown is meant."""
    base: str = ""
    """The path of another profile; empty for none."""
    sample_type: str = ""
    """Empty for the one that leads."""


@ready
class TableOptions(Message, frozen=True):
    """Selects and sorts the rows of a table."""

    by: Literal["line", "function", "package"] = "function"
    sort: Literal["", "name", "flat", "cum", "owned", "growth"] = ""
    """Empty: by growth if there is a base, else goroutines by owned, else flat."""
    filter: str = ""
    """A part of the name or the file, ignoring case."""
    most: Annotated[int, msgspec.Meta(ge=0, le=2000)] = 500


@ready
class GraphOptions(Message, frozen=True):
    """Selects a call graph, with pprof's names and defaults."""

    node_fraction: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.005
    """Functions whose |cum| is less than this share of the total are left out."""
    edge_fraction: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.001
    """Calls of less than this share of the total are left out."""
    node_count: Annotated[int, msgspec.Meta(ge=1, le=120)] = 80
    """At most so many functions are drawn."""
    through: str = ""
    """Only samples through the functions of this name."""


class ProfileSummary(Message, frozen=True):
    """What a file holds."""

    name: str
    total: str
    """With its growth since the base."""
    detail: str
    """Where and when it was taken, as plain text."""
    size: str
    sample_types: list[SampleTypeChoice]
    problem: str
    """Why the file is no profile, or cannot be compared; empty if it is one."""


class Sandwich(Message, frozen=True):
    """A function between its callers and its callees."""

    callers: Flame
    """From the function outwards."""
    callees: Flame
    """From the function inwards."""


class GetFlame(Command[Flame | None], frozen=True):
    """Return the flame graph of a profile; null if there is no profile, or no node at the path."""

    name = "alloclens.server.flame"
    options: FlameOptions = FlameOptions()
    of: ProfileFile = ProfileFile()


class GetGraph(Command[Graph | None], frozen=True):
    """Return the call graph of a profile, as `go tool pprof -dot` draws it; null if there is no profile."""

    name = "alloclens.server.graph"
    options: GraphOptions = GraphOptions()
    of: ProfileFile = ProfileFile()


class GetSandwich(Command[Sandwich | None], frozen=True):
    """Return the callers and the callees of a function; null if there is no profile, or no such function in it."""

    name = "alloclens.server.sandwich"
    function: str
    file: str
    """As recorded."""
    of: ProfileFile = ProfileFile()


class GetTable(Command[ProfileTable | None], frozen=True):
    """Return the lines, functions or packages of a profile; null if there is no profile."""

    name = "alloclens.server.table"
    options: TableOptions = TableOptions()
    of: ProfileFile = ProfileFile()


class GetSummary(Command[ProfileSummary | None], frozen=True):
    """Return what a profile holds; null if there is no profile."""

    name = "alloclens.server.summary"
    of: ProfileFile = ProfileFile()


class GetFrame(Command[Location | None], frozen=True):
    """Return the location of a recorded line."""

    name = "alloclens.server.frame"
    file: str
    line: Int64
    of: ProfileFile = ProfileFile()


class GetTimeline(Command[Timeline | None], frozen=True):
    """Return the series over time, and what a line owned in it."""

    name = "alloclens.server.timeline"
    line: RequestedLine = RequestedLine()


# Bug reports


class GetAbout(Command[str], frozen=True):
    """Return what a bug report needs as plain text: versions, caches, settings and counts."""

    name = "alloclens.server.about"
