"""What every command prints: progress on stderr, results on stdout, JSON to a file."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from core.errors import Finding
from core.progress import Progress, Reporting, Silent
from core.staging import staged


class _Line:
    """One progress line on stderr, rewritten in place on a terminal, one line per stage elsewhere."""

    def __init__(self) -> None:
        self._stage = ""
        self._last = 0.0

    def __call__(self, stage: str, done: float) -> None:
        now = time.monotonic()
        if sys.stderr.isatty():
            if done >= 1.0 or now - self._last > 0.1:
                sys.stderr.write(f"\r\x1b[K{stage}: {done:4.0%}" + ("\n" if done >= 1.0 else ""))
                self._last = now
        elif stage != self._stage:
            sys.stderr.write(f"{stage}\n")
        self._stage = stage
        sys.stderr.flush()


def progress_of(options: argparse.Namespace) -> Progress:
    """Progress on stderr, or silence with ``--quiet``."""
    return Silent() if options.quiet else Reporting(_Line())


def say(text: str) -> None:
    """Print one line of the result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say_findings(findings: tuple[Finding, ...]) -> None:
    """Print each finding as one line: what, why, what to do."""
    for finding in findings:
        say(f"note [{finding.code}]: {finding.what}: {finding.why}; {finding.fix}")


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON, readable, UTF-8. Raises PlannerError when the place cannot be written."""
    with staged(path) as stage:
        stage.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
