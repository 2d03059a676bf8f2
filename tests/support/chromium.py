"""A real browser that a test tells what to do: Chromium, with an emulated headset where one is wanted."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ar.headset.files import DIST

DRIVER = DIST.parent / "browser" / "drive.js"
LONGEST_S = 60.0


def needed() -> tuple[str, str]:
    """Node and Chromium; skips with the reason where something is missing."""
    node = shutil.which("node")
    chromium = os.environ.get("AURICLE_CHROMIUM") or shutil.which("chromium")
    if node is None or chromium is None:
        pytest.skip("no Node.js or no Chromium: install the Debian packages nodejs, npm and chromium")
    if not (DIST / "app.js").is_file() or not (DIST.parent / "node_modules" / "playwright-core").is_dir():
        pytest.skip("the headset page is not built: make headset-page")
    return node, chromium


class Chromium:
    """Talks to the driver; while it waits for an answer, `meanwhile` goes on."""

    def __init__(self, process: subprocess.Popen[str], meanwhile: Callable[[], None]) -> None:
        self._process, self.meanwhile = process, meanwhile
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._n = 0
        threading.Thread(target=self._read, daemon=True).start()

    def tell(self, command: str, **fields: Any) -> Any:
        self._n += 1
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": self._n, "command": command, **fields}) + "\n")
        self._process.stdin.flush()
        end_s = time.monotonic() + LONGEST_S
        while time.monotonic() < end_s:
            self.meanwhile()
            try:
                answer = json.loads(self._answers.get(timeout=0.003))
            except queue.Empty:
                continue
            assert answer["id"] == self._n
            if "error" in answer:
                raise AssertionError(answer["error"])
            return answer["value"]
        raise AssertionError(f"no answer to {command}")

    def eval(self, code: str) -> Any:
        return self.tell("eval", code=code)

    def until(self, code: str, seconds: float = 40.0) -> Any:
        """Wait until `code` is true in the page; returns its value."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            value = self.eval(code)
            if value:
                return value
            time.sleep(0.02)
        raise AssertionError(f"never: {code}; the page says {self.tell('errors')}")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)


@contextmanager
def driven(meanwhile: Callable[[], None] = lambda: None) -> Iterator[Chromium]:
    """A browser for the length of a block."""
    node, chromium = needed()
    process = subprocess.Popen(
        [node, str(DRIVER), chromium],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(DRIVER).parent,
    )
    try:
        yield Chromium(process, meanwhile)
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
