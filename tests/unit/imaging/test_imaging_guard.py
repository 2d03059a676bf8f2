"""Whatever a file does to its reader, the program gets an answer in time and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from core.errors import Cancelled, PlannerError
from imaging.guard import trouble, wire
from imaging.guard.child import ROOT, Child, Unreadable
from imaging.guard.crew import Crew
from imaging.guard.trouble import Trouble

SUPPORT = Path(__file__).resolve().parents[2] / "support"


def go_on() -> None:
    """Whoever waits is not in a hurry."""


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    """Children that serve the hostile operations, given little time."""
    monkeypatch.setattr(trouble, "TIME_LIMIT_S", 1.0)
    crew = Crew(partial(Child, "hostile_operations", SUPPORT))
    yield crew
    crew.stop()


def answers(crew: Crew, names: list[str]) -> list[str | Trouble]:
    found = dict(crew.each("by_name", [Path("/") / name for name in names], go_on))
    return [found[index] for index in range(len(names))]


def is_alive(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("sleeps", Trouble.TOO_SLOW),
        ("spins", Trouble.TOO_SLOW),
        ("crashes", Trouble.CRASHED),
        ("swells", Trouble.TOO_LARGE),
        ("lies", Trouble.CRASHED),
        ("refuses", Trouble.DAMAGED),
    ],
)
def test_one_bad_file_is_told_with_its_reason_and_all_others_are_read(
    crew: Crew, name: str, why: Trouble
) -> None:
    names = [f"file-{number}" for number in range(40)]
    names.insert(20, name)
    assert answers(crew, names) == [why if one == name else one for one in names]


def test_long_work_that_says_that_it_goes_on_is_not_taken_for_a_hanging_file(crew: Crew) -> None:
    assert list(crew.stream("by_name", Path("/works"), None, go_on)) == ["works"]
    assert answers(crew, ["works", "next"]) == ["works", "next"]


def test_what_a_parser_prints_reaches_nobody(crew: Crew, capfd: pytest.CaptureFixture[str]) -> None:
    assert answers(crew, ["prints", "next"]) == ["prints", "next"]
    assert capfd.readouterr() == ("", "")


def test_children_are_used_again(crew: Crew) -> None:
    child = crew.take()
    crew.give_back(child)
    assert answers(crew, ["a", "b"]) == ["a", "b"]
    assert crew.take() is child
    child.kill()


def test_a_cancel_ends_within_a_second_and_takes_the_child_with_it(crew: Crew) -> None:
    child = crew.take()
    crew.give_back(child)
    list(crew.each("by_name", [Path("/ready")], go_on))
    started = time.monotonic()

    def cancel() -> None:
        if time.monotonic() - started > 0.3:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        list(crew.each("by_name", [Path("/sleeps")], cancel))
    assert time.monotonic() - started < 1.0
    assert not is_alive(child.pid)


def test_a_stream_that_nobody_reads_to_its_end_leaves_no_process(crew: Crew) -> None:
    stream = crew.stream("large", Path("/x"), None, go_on)
    next(stream)
    (pid,) = [int(p) for p in os.listdir("/proc") if p.isdigit() and is_child_of_this(int(p))]
    stream.close()
    assert not is_alive(pid)


def is_child_of_this(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
        command = Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False
    return int(text.rsplit(")", 1)[1].split()[1]) == os.getpid() and "hostile_operations" in command


def test_a_child_ends_with_a_program_that_is_killed_while_it_works(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from imaging.guard.child import Child;"
        f"child = Child('hostile_operations', Path({str(SUPPORT)!r}));"
        "child.ask('by_name', Path('/ready')); child.receive(lambda: None); child.receive(lambda: None);"
        "child.ask('by_name', Path('/sleeps')); print(child.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    until = time.monotonic() + 2.0
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_alive(pid)


def test_a_child_has_two_gigabytes_no_cores_and_writes_no_file(crew: Crew, tmp_path: Path) -> None:
    told, written = crew.stream("limits", tmp_path / "x", None, go_on)
    memory, core, file, seconds = (int(number) for number in str(told).split())
    assert (memory, core, file) == (2 << 30, 0, 0)
    assert 0 < seconds < 60
    assert written == "refused"
    assert (tmp_path / "x").stat().st_size == 0


def test_arrays_come_through_as_they_were(crew: Crew) -> None:
    first, second = crew.stream("large", Path("/x"), None, go_on)
    assert np.array_equal(first, np.arange(600_000, dtype=np.float32).reshape(3, 200_000))
    assert np.array_equal(second, np.arange(5))


def test_an_array_shorter_than_it_claims_is_refused(crew: Crew) -> None:
    with pytest.raises(Unreadable):
        list(crew.stream("half_an_array", Path("/x"), None, go_on))


def test_a_refusal_keeps_its_words_but_no_control_characters(crew: Crew) -> None:
    with pytest.raises(PlannerError) as refusal:
        list(crew.stream("by_name", Path("/refuses"), None, go_on))
    assert (refusal.value.what, refusal.value.why) == ("cannot read it", "because[2J")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"[",
        b'["|O", [3]]',
        b'["<i2", [-1]]',
        b'["<i2", [1e9]]',
        b'["<f8", [65536, 65536, 8]]',
        b'["<i2", 3]',
    ],
)
def test_an_array_of_a_strange_type_or_size_is_never_made(head: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.empty_array(head)


def test_a_folder_of_images_is_not_where_the_child_finds_its_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("numpy", "imaging", "json", "pydicom"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    crew = Crew()
    found = dict(crew.each("facts", [tmp_path / "numpy.py"], go_on))
    crew.stop()
    assert isinstance(found[0], str)
