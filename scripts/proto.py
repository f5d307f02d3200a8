"""make proto: writes the modules (_pb2.py and .pyi) of the .proto files anew, with this command in their headers."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from grpc_tools import protoc

from scripts.tools import ROOT

SERVER = ROOT / "server"
FORMATS = "alloclens/profile/formats"
PROTOS = (f"{FORMATS}/profile.proto", f"{FORMATS}/otlp.proto")
HEADER = "# Made by `make proto` from {}:\n#   python -m grpc_tools.protoc -Iserver --python_out=server --pyi_out=server {}\n"


def main() -> None:
    """Run protoc and put the command in front."""
    include = resources.files("grpc_tools") / "_proto"
    status = protoc.main(
        ["protoc", f"-I{SERVER}", f"-I{include}", f"--python_out={SERVER}", f"--pyi_out={SERVER}", *PROTOS]
    )
    if status:
        raise SystemExit(status)
    for proto in PROTOS:
        for suffix in ("_pb2.py", "_pb2.pyi"):
            made = Path(SERVER / proto.replace(".proto", suffix))
            made.write_text(HEADER.format(Path(proto).name, proto) + made.read_text())


if __name__ == "__main__":
    main()
