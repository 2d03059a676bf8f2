"""`python -m benchmarks [NAME ...] [--quick]`: run the comparisons and write out/bench/."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.report import as_markdown, write

NAMES = (
    "cutting",
    "slicing",
    "viewing",
    "dragging",
    "stalls",
    "surfaces",
    "tracking",
    "calibration",
    "scanning",
    "loading",
    "library",
    "startup",
    "network",
    "fusion",
)


def main() -> int:
    """Run what was named, everything without a name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="small inputs: whether it runs, not how fast")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}")
    for name in options.names or NAMES:
        comparison = import_module(f"benchmarks.{name}").compare(options.quick)
        if comparison is None:
            print(f"{name}: left out, its input is not there\n")
            continue
        write(name, comparison, options.out)
        print(as_markdown(name, comparison), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
