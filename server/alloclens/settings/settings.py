"""The list of settings. Their names are snake_case here, and camelCase in editors and files."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from alloclens.typed import ready

if TYPE_CHECKING:
    from collections.abc import Mapping


SIZE = re.compile(r"^(?:(\d{1,15}(?:\.\d{1,3})?) ?([kKmMgGtT])?[iI]?[bB]?)?$")
LIMIT = re.compile(rf"{SIZE.pattern[:-1]}$|^\d{{1,6}}(?:\.\d{{1,3}})? ?%$")
SOURCE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")
PathText = Annotated[str, Meta(max_length=4096, pattern=r"^[^\x00]*$")]
"""A path, a pattern or an argument of a program: what the system takes, and not so long that it takes seconds."""
TITLES = ("title", "description")
SOURCES, MAX_SOURCES = "sources", 50
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
class Budget(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What some code may hold, for `alloclens check`: exactly one of the first four says which, `*` in it is any text."""

    line: Annotated[
        PathText,
        Meta(description="A line of source: the end of its file's path and its number, such as cart/cache.go:42."),
    ] = ""
    function: Annotated[PathText, Meta(description="A function, and all that it calls, such as main.(*Cache).*.")] = ""
    package: Annotated[
        PathText, Meta(description="A package, and all that it calls, such as example.com/shop/cart.")
    ] = ""
    label: Annotated[PathText, Meta(description="A label of samples and its value, such as tenant=acme.")] = ""
    max: Annotated[
        str, Meta(pattern=SIZE.pattern, description="What it may hold, such as 64MB, or 100 of what is counted.")
    ] = ""
    max_growth: Annotated[
        str,
        Meta(
            pattern=LIMIT.pattern,
            description="What it may grow by since the base, such as 5MB, or 10% of what it held then.",
        ),
    ] = ""


@ready
class Source(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Where the profiles of processes are fetched from. No field holds a secret: this file may be shared."""

    name: Annotated[str, Meta(pattern=SOURCE_NAME.pattern, description="What you call it.")]
    type: Annotated[
        Literal["azure", "directory", "gcs", "http", "kubernetes", "parca", "pyroscope", "s3"],
        Meta(description="What kind of server, bucket, cluster or directory it is."),
    ]
    url: Annotated[
        PathText,
        Meta(
            min_length=1,
            description=(
                "Its URL, without user and password: https://pyroscope.example.com, s3://bucket/path, gs://bucket/path, "
                "https://account.blob.core.windows.net/container/path, pod://namespace:6060 for the pods of a namespace, or "
                "file:///mnt/profiles for a directory."
            ),
        ),
    ]
    select: Annotated[
        PathText, Meta(description='Which profiles, as a label selector, such as service_name="api". If empty, all.')
    ] = ""
    interval: Annotated[
        int, Meta(ge=1, le=86400, description="Seconds between two profiles of a process, as they are collected.")
    ] = 15
    context: Annotated[
        PathText, Meta(description="Kubernetes: the context of your kubeconfig. If empty, the current one.")
    ] = ""
    tenant: Annotated[PathText, Meta(description="The tenant, sent as X-Scope-OrgID.")] = ""
    user: Annotated[PathText, Meta(description="The user, whose password is then the token.")] = ""
    token_env: Annotated[PathText, Meta(description="The environment variable with the token to send.")] = ""
    token_file: Annotated[
        PathText, Meta(description="The file with the token to send: absolute or below ~, outside the workspace.")
    ] = ""


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
                "How many levels of sub-directories of these directories are watched as well. Each sub-directory is a series of "
                "its own: `profiles/api` is that of the service `api`."
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
                "The sample type to show, such as `inuse_space` or `alloc_objects`. If empty, types of memory come "
                "first, such as `inuse_space` of a heap profile. The types of Go's block and mutex profiles are named with their "
                "kind, such as `mutex/delay`."
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
                "the heap will reach it if everything that grows keeps growing: in Go just before a collection, as GOGC determines."
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
    budget: Annotated[
        tuple[Budget, ...],
        Meta(
            max_length=200,
            description=(
                "What lines, functions, packages or labels may hold or grow by, as `{ function, max, maxGrowth }`, with `line`, "
                "`package` or `label` instead of `function`. `alloclens check` fails if one is certainly exceeded."
            ),
            examples=[[{"package": "example.com/shop/cart", "max": "64MB"}]],
        ),
    ] = ()
    sources: Annotated[
        tuple[Source, ...],
        Meta(
            max_length=MAX_SOURCES,
            description=(
                "Servers, buckets and clusters that have the profiles of many processes, as `{ name, type, url }` and more, from which "
                "snapshots are fetched. Each has to be allowed once. Those of the editor and of the settings file are all used; of two with one name, the editor's."
            ),
            examples=[
                [
                    {
                        "name": "prod",
                        "type": "pyroscope",
                        "url": "https://pyroscope.example.com",
                        "select": 'service_name="api"',
                    }
                ]
            ],
        ),
    ] = ()
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
        return size(self.memory_limit)

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


def size(text: str) -> float:
    """Return a size that matches SIZE in bytes: 64MB, in powers of 1024; 0 for ""."""
    number, letter = SIZE.match(text).groups()  # type: ignore[union-attr]  # checked before
    return float(number or 0) * 1024.0 ** " kmgt".index((letter or " ").lower())


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


def changed(settings: Settings) -> dict[str, Any]:
    """Return the settings that differ from their defaults, by name."""
    defaults: dict[str, Any] = msgspec.to_builtins(Settings())
    return {name: value for name, value in msgspec.to_builtins(settings).items() if value != defaults[name]}


def layered(*given: Mapping[str, Any]) -> dict[str, Any]:
    """Merge settings; later ones override earlier ones, unless they are None. Sources of both are kept: they have names."""
    merged = {key: value for settings in given for key, value in settings.items() if value is not None}
    sources = {source["name"]: source for settings in given for source in settings.get(SOURCES) or ()}
    return {**merged, SOURCES: [*sources.values()][-MAX_SOURCES:]} if sources else merged


@cache
def fields(kind: type[Struct] = Settings) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Return the fields of a class. The cache saves two milliseconds: msgspec evaluates all annotations on each call."""
    return msgspec.structs.fields(kind)


def names() -> list[str]:
    """Return the names of all settings as editors and files write them."""
    return [field.encode_name for field in fields()]


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
    for field in fields(kind):
        part = listed[field.encode_name]
        if "enum" in part:
            part |= {"type": "string", "enum": list(get_args(get_args(field.type)[0]))}  # msgspec sorts the values
        if "$ref" in part.get("items", {}):
            item = parts[part["items"]["$ref"].rpartition("/")[2]]
            part["items"] = {key: value for key, value in item.items() if key not in TITLES}
    return listed
