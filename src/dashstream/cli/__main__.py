"""``dashstream``: parse, run, and turn every expected failure into one line and an exit code.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no gateway, 4 not found, 130 interrupted.
"""

from __future__ import annotations

import sys

from dashstream.cli.app import app
from dashstream.errors import DashStreamError, GatewayUnreachableError, NotFoundError, SettingsError

FAILED, USAGE, UNREACHABLE, NOT_FOUND, INTERRUPTED = 1, 2, 3, 4, 130


def main() -> None:
    """Run the command line and exit."""
    try:
        app(prog_name="dashstream")
    except DashStreamError as error:
        sys.stderr.write(f"dashstream: {error}\n")
        sys.exit(exit_code_of(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def exit_code_of(error: DashStreamError) -> int:
    """Return the exit code that an error ends a command with."""
    if isinstance(error, GatewayUnreachableError):
        return UNREACHABLE
    if isinstance(error, NotFoundError):
        return NOT_FOUND
    return USAGE if isinstance(error, SettingsError) else FAILED


if __name__ == "__main__":
    main()
