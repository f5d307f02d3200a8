"""make proto: writes profile_pb2.py (and .pyi) anew from profile.proto, with this command in its header."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from grpc_tools import protoc

from scripts.tools import ROOT

SERVER = ROOT / "server"
PROTO = "alloclens/profile/formats/profile.proto"
HEADER = "# Made by `make proto` from profile.proto:\n#   python -m grpc_tools.protoc -Iserver --python_out=server --pyi_out=server {}\n"


def main() -> None:
    """Run protoc and put the command in front."""
    include = resources.files("grpc_tools") / "_proto"
    status = protoc.main(
        ["protoc", f"-I{SERVER}", f"-I{include}", f"--python_out={SERVER}", f"--pyi_out={SERVER}", PROTO]
    )
    if status:
        raise SystemExit(status)
    for suffix in ("_pb2.py", "_pb2.pyi"):
        made = Path(SERVER / PROTO.replace(".proto", suffix))
        made.write_text(HEADER.format(PROTO) + made.read_text())


if __name__ == "__main__":
    main()
