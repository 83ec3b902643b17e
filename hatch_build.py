"""Compiles ``flush.c`` beside its source, for a wheel and for a checkout alike. Without a C compiler nothing breaks.

The library knows nothing of Python, so a wheel that has it is for any Python 3 of one platform. One without it is for
all platforms, and writes to many clients in Python.

Package indexes take a wheel for Linux only if its tag tells from which glibc on it works. The library needs libc alone,
and the linker notes in it the version of each symbol that it takes from there, so the tag is read from what was built:
who builds on a new system makes a wheel for old ones too, and a symbol of a newer glibc moves the tag along. A library
that names no version (musl's) or another demand on glibc keeps this platform's tag, which claims nothing elsewhere.
"""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = "src/dashstream/adapters/websocket"
LIBRARY = f"{FOLDER}/_flush.so"
OLDEST_GLIBC = 17  # 2.17, of manylinux2014: the first that every architecture has a tag for


def platform_tag(platform: str, library: bytes) -> str:
    """Return the platform that a wheel with this library is for, built on ``platform`` (as ``sysconfig`` has it)."""
    tag = platform.replace("-", "_").replace(".", "_")
    needed = re.findall(rb"\0GLIBC_([^\0]+)", library)
    minors = [int(found[1]) for demand in needed if (found := re.fullmatch(rb"2\.(\d+)(\.\d+)?", demand))]
    if not needed or len(minors) < len(needed) or not tag.startswith("linux_"):
        return tag
    return f"manylinux_2_{max(OLDEST_GLIBC, *minors)}_{tag.removeprefix('linux_')}"


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
            build_data["tag"] = f"py3-none-{platform_tag(sysconfig.get_platform(), library.read_bytes())}"
