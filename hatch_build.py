"""Compiles ``flush.c`` beside its source, for a wheel and for a checkout alike. Without a C compiler nothing breaks.

The library knows nothing of Python, so a wheel that has it is for any Python 3 of one platform. One without it is for
all platforms, and writes to many clients in Python.
"""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = "src/dashstream/adapters/websocket"
LIBRARY = f"{FOLDER}/_flush.so"


class NativeWrites(BuildHookInterface[Any]):
    """The build hook."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and mark the wheel as one of this platform if that went well."""
        library, made = Path(self.root, LIBRARY), Path(self.root, f"{LIBRARY}.new")
        source = Path(self.root, FOLDER, "flush.c")
        command = ["cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", made, source]
        try:
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # the platform's own compiler
        except (OSError, subprocess.CalledProcessError) as error:
            self.app.display_warning(f"without native writes: {error}")
            library.unlink(missing_ok=True)  # of another source
            return
        made.replace(library)  # a gateway that runs keeps the one that it has
        if version == "standard":
            build_data["artifacts"].append(f"/{LIBRARY}")
            build_data["pure_python"] = False
            build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
