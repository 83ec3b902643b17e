"""Run the assistant on its own: ``dashstream run -m dashstream.demo --runs 3``."""

from __future__ import annotations

import argparse
import asyncio

from dashstream.demo.runner import ask_forever


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=None, help="questions to answer; default: until stopped")
    parser.add_argument("--pace", type=float, default=1.0, help="1 is a pace a person can watch; 0 is at once")
    arguments = parser.parse_args()
    asyncio.run(ask_forever(runs=arguments.runs, pace=arguments.pace))


if __name__ == "__main__":
    main()
