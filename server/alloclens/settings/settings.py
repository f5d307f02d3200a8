"""The list of settings. Their names are snake_case here, and camelCase in editors and files."""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta, Struct

from alloclens.source.own import refused
from alloclens.typed import ready

if TYPE_CHECKING:
    from collections.abc import Mapping


SIZE = re.compile(r"^(?:(\d{1,15}(?:\.\d{1,3})?) ?([kKmMgGtT])?[iI]?[bB]?)?$")
PathText = Annotated[str, Meta(max_length=4096, pattern=r"^[^\x00]*$")]
"""A path, a pattern or an argument of a program: what the system takes, and not so long that it takes seconds."""
Severity = Literal["error", "warning", "information", "hint", "off"]


@ready
class PathMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule that maps recorded paths to paths on this machine."""

    from_: Annotated[
        PathText,
        Meta(min_length=1, description="The start of the recorded paths: whole path elements, such as /build/app."),
    ] = msgspec.field(name="from")
    to: Annotated[
        PathText,
        Meta(min_length=1, description="The path that replaces it here. It may start with ${workspaceFolder}."),
    ]


@ready
class Settings(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Every setting of the server with its default. `make settings` writes the other places that list them."""

    profile_dirs: Annotated[
        tuple[PathText, ...],
        Meta(
            max_length=100,
            description="Directories to watch for profiles: absolute, or relative to each workspace folder.",
        ),
    ] = ("profiles", ".pprof", "pprof")
    profile_depth: Annotated[
        int,
        Meta(
            ge=0,
            le=10,
            description=(
                "How many levels of sub-directories of these directories are watched, too. Each is a series of its own, as "
                "`profiles/api` is that of the service `api`."
            ),
        ),
    ] = 2
    base: Annotated[
        str,
        Meta(
            description=(
                "The snapshot that growth is measured from: `first` (of the running process), `previous`, `latest`, "
                "`yesterday` (the same time one day earlier), a file name or a label."
            ),
            examples=["first", "previous", "latest", "yesterday", "heap.0001.pb.gz", "after load"],
        ),
    ] = "first"
    head: Annotated[
        str,
        Meta(
            description="The snapshot to show. It takes the same values as `base`.",
            examples=["latest", "previous", "first", "yesterday", "heap.0002.pb.gz", "after load"],
        ),
    ] = "latest"
    series: Annotated[
        str,
        Meta(
            description=(
                "The series to show if there are several services or processes: the name of its directory, such as `api` for "
                "`profiles/api`, or of its program. If empty, the series follows the file that you look at."
            ),
            examples=["api", "api, process 2"],
        ),
    ] = ""
    sample_type: Annotated[
        str,
        Meta(
            description=(
                "The sample type to show, such as `inuse_space` or `alloc_objects`. If empty, what allocates comes first: "
                "`inuse_space` of a heap profile. Those of Go's block and mutex profiles are named with the kind, such as "
                "`mutex/delay`."
            ),
            examples=["inuse_space", "inuse_objects", "alloc_space", "alloc_objects", "goroutine", "mutex/delay"],
        ),
    ] = ""
    path_mappings: Annotated[
        tuple[PathMapping, ...],
        Meta(
            max_length=1000,
            description=(
                "Maps recorded paths to paths here, as `{ from, to }`. The longest matching `from` wins; `to` may start "
                "with `${workspaceFolder}`."
            ),
            examples=[[{"from": "/build/app", "to": "${workspaceFolder}"}]],
        ),
    ] = ()
    own_code: Annotated[
        tuple[PathText, ...],
        Meta(
            max_length=200,
            description=(
                "Patterns in `.gitignore` syntax that mark workspace files as your own code, in addition to the built-in "
                "rules. A leading `!` excludes files. The last matching pattern decides."
            ),
            examples=[["third_party/ours/**", "!**/*.pb.go"]],
        ),
    ] = ()
    revision: Annotated[
        PathText,
        Meta(
            description=(
                "The git revision the profiled program was built from: a commit, tag or branch. If empty, alloclens tries "
                "everything committed before the snapshot and uses what fits."
            ),
            examples=["v1.4.2"],
        ),
    ] = ""
    binaries: Annotated[
        tuple[PathText, ...],
        Meta(
            max_length=100,
            description=(
                "Programs, or directories of programs, for profiles that contain only addresses (C, C++, Rust): absolute, "
                "or relative to each workspace folder. The workspace itself is always searched."
            ),
            examples=[["build/server"]],
        ),
    ] = ()
    largest_profile: Annotated[
        int,
        Meta(
            ge=1,
            le=1 << 20,
            description="The largest size of a profile after decompression, in MiB. Larger profiles are not read.",
        ),
    ] = 128
    memory_limit: Annotated[
        str,
        Meta(
            pattern=SIZE.pattern,
            description=(
                "The memory limit of the program, such as `512MiB` or `2GB` (powers of 1024). If set, a leak also says when "
                "the heap will reach it if all that grows goes on: in Go just before a collection, as GOGC has it."
            ),
            examples=["2GiB"],
        ),
    ] = ""
    leak_severity: Annotated[Severity, Meta(description="The severity of a line that leaks.", examples=["error"])] = (
        "warning"
    )
    growing_severity: Annotated[
        Severity, Meta(description="The severity of a line that grows and may leak.", examples=["off"])
    ] = "information"
    filling_severity: Annotated[
        Severity, Meta(description="The severity of a line that grew and is levelling off.", examples=["hint"])
    ] = "off"
    hints: Annotated[bool, Meta(description="Show numbers beside lines (inlay hints).")] = True
    code_lens: Annotated[bool, Meta(description="Show numbers above functions (code lenses).")] = False
    symbol_prefix: Annotated[
        str,
        Meta(
            description=(
                "The prefix of a workspace symbol search that finds hot functions, as in `$serve`. If empty, every search "
                "includes them."
            ),
            examples=["%"],
        ),
    ] = "$"

    @property
    def memory_bytes(self) -> float:
        """`memory_limit` in bytes; 0 if none is set."""
        number, letter = SIZE.match(self.memory_limit).groups()  # type: ignore[union-attr]  # checked before
        return float(number or 0) * 1024.0 ** " kmgt".index((letter or " ").lower())

    def severity(self, verdict: str) -> Severity:
        """Return the severity of a verdict."""
        severities: dict[str, Severity] = {
            "leak": self.leak_severity,
            "growing": self.growing_severity,
            "filling": self.filling_severity,
        }
        return severities.get(verdict, "off")

    @property
    def largest_bytes(self) -> int:
        """`largest_profile` in bytes."""
        return self.largest_profile << 20


@ready
class ClientSettings(Struct, frozen=True, kw_only=True):
    """Settings that only the VS Code extension reads; the server and settings files ignore them."""

    heat: Annotated[
        Literal["off", "subtle", "strong"],
        Meta(
            description=(
                "Colour the lines that hold memory, in five steps by their share. Lines that grow use the warning colour."
            ),
            extra_json_schema={
                "enumDescriptions": [
                    "No colours.",
                    "A mark in the overview ruler and a thin border.",
                    "Also a background colour.",
                ]
            },
        ),
    ] = "off"
    server_command: Annotated[
        str,
        Meta(
            description=(
                "The server program: a path, such as `~/.local/bin/alloclens` or `${workspaceFolder}/.venv/bin/alloclens`, "
                "or a name on PATH. If empty, the extension uses the selected interpreter or the virtual environment of "
                "the workspace if alloclens is installed there, and `alloclens` on PATH otherwise."
            )
        ),
    ] = msgspec.field(name="server.command", default="")
    trace_server: Annotated[
        Literal["off", "messages", "verbose"],
        Meta(description="Log the messages between VS Code and the server."),
    ] = msgspec.field(name="trace.server", default="off")


class Mistake(NamedTuple):
    """A problem with one key."""

    key: str
    wrong: str
    path: tuple[str | int, ...]
    """Where: the key, and what lies in it, such as `("pathMappings", 0, "from")`."""
    default: str = ""
    """What counts instead if nothing else is set; "" where the key is no setting."""

    @property
    def message(self) -> str:
        """What is wrong, and what is used instead."""
        return f"{self.wrong}; using {self.default}" if self.default else self.wrong


def parse(given: Mapping[str, Any]) -> tuple[Settings, list[Mistake]]:
    """Return the valid settings, with defaults for the rest, and a problem for each invalid one.

    Unknown keys are ignored, because editors send keys of their own.
    """
    good, problems = checked(given)
    return msgspec.convert(good, Settings), problems


def checked(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Mistake]]:
    """Return the valid settings as given, and a problem for each invalid one. None means not set."""
    good, problems = {}, []
    for field in _fields():
        key = field.encode_name
        if (value := given.get(key)) is None:
            continue
        try:
            msgspec.convert(value, field.type)
            is_unicode = _is_unicode(value)
        except msgspec.ValidationError as error:
            problems.append(_problem(key, value, str(error)))
            continue
        except UnicodeEncodeError:  # where msgspec looks for a text among those that are allowed
            is_unicode = False
        if not is_unicode:
            problems.append(Mistake(key, f"{key}: {shown(value)} is not valid Unicode", (key,), shown(field.default)))
        elif key == "ownCode" and (wrong := refused(tuple(value))):
            problems.append(_bad_patterns(wrong))
        else:
            good[key] = value
    return good, problems


def changed(settings: Settings) -> dict[str, Any]:
    """Return the settings that differ from their defaults, by name."""
    defaults: dict[str, Any] = msgspec.to_builtins(Settings())
    return {name: value for name, value in msgspec.to_builtins(settings).items() if value != defaults[name]}


def unknown(given: Mapping[str, Any]) -> list[Mistake]:
    """Return a problem for each key that is not a setting, up to MAX_UNKNOWN_KEYS, and one for all others. For files only."""
    known = names()
    keys = [key for key in given if key not in known]
    problems = [Mistake(key, _unknown(key, known), (key,)) for key in keys[:MAX_UNKNOWN_KEYS]]
    if more := keys[MAX_UNKNOWN_KEYS:]:
        problems.append(Mistake(more[0], f"… and {len(more)} more unknown settings", (more[0],)))
    return problems


def misspelt(given: Mapping[str, Any]) -> list[Mistake]:
    """Return a problem for each key that resembles a setting. For editors, which also send keys of their own."""
    known = names()
    keys = [key for key in islice(given, MAX_COMPARED_KEYS) if key not in known and key not in CLIENT_ONLY]
    return unknown({key: given[key] for key in keys if _nearly(key, known)})


def layered(*given: Mapping[str, Any]) -> dict[str, Any]:
    """Merge settings; later ones override earlier ones, unless they are None."""
    return {key: value for settings in given for key, value in settings.items() if value is not None}


@cache
def _fields(kind: type[Struct] = Settings) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Return the fields of a class. The cache saves two milliseconds: msgspec evaluates all annotations on each call."""
    return msgspec.structs.fields(kind)


def names() -> list[str]:
    """Return the names of all settings as editors and files write them."""
    return [field.encode_name for field in _fields()]


def allowed(key: str) -> str:
    """Describe the values that a setting takes, with an example if TOML writes it like JSON."""
    part = schema()["properties"][key]
    if part.get("items", {}).get("type") == "object":
        return _kind(part)
    return f"{_kind(part)}, such as {shown(part.get('examples', [part['default']])[0])}"


def schema() -> dict[str, Any]:
    """Return the JSON schema of alloclens.toml without references, which some tools do not follow."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "alloclens.toml",
        "description": "Settings of alloclens for this workspace. Settings of the editor override them.",
        "type": "object",
        "properties": properties(Settings),
        "additionalProperties": False,
    }


def properties(kind: type[Struct]) -> dict[str, Any]:
    """Return the JSON schema of each setting of a class, by its name."""
    parts = json.loads(json.dumps(msgspec.json.schema(kind)["$defs"]))  # tuples become lists
    listed: dict[str, Any] = parts[kind.__name__]["properties"]
    for field in _fields(kind):
        part = listed[field.encode_name]
        if "enum" in part:
            part |= {"type": "string", "enum": list(get_args(get_args(field.type)[0]))}  # msgspec sorts the values
        if "$ref" in part.get("items", {}):
            item = parts[part["items"]["$ref"].rpartition("/")[2]]
            part["items"] = {key: value for key, value in item.items() if key not in TITLES}
    return listed


def shown(value: Any) -> str:
    """Return a value as JSON, shortened to MAX_SHOWN_CHARACTERS, without characters that a terminal or an editor refuses."""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    try:
        text = "".join(islice(ENCODER.iterencode(value), MAX_SHOWN_CHARACTERS))[: MAX_SHOWN_CHARACTERS + 1]
    except ValueError:  # a number with more digits than Python writes
        return "this"
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[: MAX_SHOWN_CHARACTERS - 1]}…"


CLIENT_ONLY = frozenset(name.partition(".")[0] for name in ClientSettings.__struct_encode_fields__)
"""The top-level keys of the settings that only the VS Code extension reads: heat, server, trace."""
MAX_COMPARED_KEYS = 200
"""Keys of an editor that are compared with the names of settings."""
MAX_UNKNOWN_KEYS = 20
"""Keys that are not settings and have a problem of their own."""
TITLES = ("title", "description")
MAX_SHOWN_CHARACTERS = 60
ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)
PLACE = re.compile(r" - at `\$((?:\[\d+\]|\.\w+)+)`$")
STEP = re.compile(r"\[(\d+)\]|\.(\w+)")


def _problem(key: str, value: Any, error: str) -> Mistake:
    part = schema()["properties"][key]
    default = part["default"]
    path: list[str | int] = [key]
    for step in _steps(error):
        path.append(step)
        value = value[step]
        part = part["items"] if isinstance(step, int) else part["properties"][step]
    where = ": ".join(f"item {step + 1}" if isinstance(step, int) else step for step in path)
    return Mistake(
        key, f"{where}: {shown(value)} is not {_kind(part)}{_limit(part, value)}", tuple(path), shown(default)
    )


def _is_unicode(value: Any) -> bool:
    """Return whether a good value can be a file's name or an argument: JSON may hold one half of a surrogate pair."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad_patterns(wrong: tuple[str, ...]) -> Mistake:
    sentence = f"{shown(wrong[0])} is not a valid .gitignore pattern"
    what = sentence if len(wrong) == 1 else "the patterns are too long in total"
    return Mistake("ownCode", f"ownCode: {what}", ("ownCode",), "[]")


def _steps(error: str) -> list[str | int]:
    """Extract the path within a value from msgspec's message."""
    match = PLACE.search(error)
    return [int(index) if index else name for index, name in STEP.findall(match[1])] if match else []


def _kind(part: dict[str, Any]) -> str:
    if "enum" in part:
        return "one of " + ", ".join(part["enum"])
    kind = part["type"]
    if kind == "array":
        return "a list of " + ("strings" if part["items"]["type"] == "string" else "tables with from and to")
    if kind == "integer":
        return f"an integer from {part['minimum']} to {part['maximum']}"
    if part.get("pattern") == SIZE.pattern:
        return "a size"
    text = "a non-empty string" if "minLength" in part else "a string"
    return {"string": text, "boolean": "true or false", "object": "a table with only from and to"}[kind]


def _limit(part: dict[str, Any], value: Any) -> str:
    """Say what is wrong with a value of the right type."""
    if isinstance(value, list) and len(value) > part.get("maxItems", len(value)):
        return f" of at most {part['maxItems']} items"
    if isinstance(value, str) and len(value) > part.get("maxLength", len(value)):
        return f" of at most {part['maxLength']} characters"
    return " without null characters" if isinstance(value, str) and "\0" in value else ""


def _unknown(key: str, known: list[str]) -> str:
    nearly = _nearly(key, known)
    name = key if re.fullmatch(r"[\w-]{1,40}", key) else shown(key)
    return f"{name}: unknown setting; " + (
        f"did you mean {nearly}?" if nearly else f"the settings are {', '.join(sorted(known))}"
    )


def _nearly(key: str, known: list[str]) -> str:
    """Return the setting whose name resembles this key; "" if there is none."""
    lower = {name.lower(): name for name in known}
    close = get_close_matches(key.lower()[:MAX_SHOWN_CHARACTERS], lower, 1)
    return lower[close[0]] if close else ""
