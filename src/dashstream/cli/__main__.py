"""``dashstream``: parse, run, and turn every expected failure into one line and an exit code."""

from __future__ import annotations

import sys

from dashstream.cli.app import app
from dashstream.errors import DashStreamError, GatewayUnreachableError, NotFoundError, SettingsError

DONE, FAILED, USAGE, UNREACHABLE, NOT_FOUND, INTERRUPTED = 0, 1, 2, 3, 4, 130

EXIT_CODES = {
    DONE: "done",
    FAILED: "failed; or what was checked is not as it should be",
    USAGE: "wrong usage, or a setting with a value that it cannot have",
    UNREACHABLE: "no gateway answers",
    NOT_FOUND: "what was asked for is not there",
    INTERRUPTED: "interrupted",
}
"""Exit codes of every command; ``dashstream run`` ends with its program's own."""


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
