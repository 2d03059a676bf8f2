"""The case library after a kill -9 in the middle of anything, with two processes at once, and when it is damaged."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from app.library import catalogue
from app.library.entry import Entry, Storage
from app.library.importing import import_scan, is_present
from app.library.library import Library
from app.library.lock import held
from app.library.schema import APPLICATION_ID, CATALOGUE, MIGRATIONS
from app.library.search import Query
from core.errors import PlannerError
from core.progress import Silent
from tests.support.library_studies import bytes_of, bytes_scan

REPOSITORY = Path(__file__).resolve().parents[3]
STUCK = """
import sys, time
from pathlib import Path
from app.library import catalogue, upkeep
from app.library.copying import Order
from app.library.entry import Storage
from app.library.importing import import_scan
from app.library.library import Library
from app.library.store import Store
from core.progress import Reporting, Silent
from tests.support.library_studies import bytes_scan

def stop(*_):
    print("ready", flush=True)
    time.sleep(600)

library, place, study = Library(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3]
"""
IN_THE_MIDDLE = {
    "import while copying": """
n = 0
def count(stage, done):
    global n
    n += 1
    if n == 3:
        stop()
import_scan(library, bytes_scan(place), Storage.COPIED, Reporting(count))
""",
    "import before it is whole": """
Store.finish = stop
import_scan(library, bytes_scan(place), Storage.COPIED, Silent())
""",
    "import before it is listed": """
catalogue.put = stop
import_scan(library, bytes_scan(place), Storage.COPIED, Silent())
""",
    "delete": "catalogue.set_deleted = stop; library.delete([study])",
    "restore": "library.delete([study]); catalogue.set_deleted = stop; library.restore([study])",
    "purge before it is forgotten": "library.delete([study]); catalogue.forget = stop; library.empty_trash()",
    "purge before it is removed": "library.delete([study]); Store.discard = stop; library.empty_trash()",
}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "data")


@pytest.fixture
def entry(library: Library, tmp_path: Path) -> Entry:
    scan = bytes_scan(tmp_path / "first", uid="2.25.1")
    return import_scan(library, scan, Storage.COPIED, Silent()).entries[0]


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", STUCK + script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)


def killed_in(script: str, *arguments: object) -> None:
    """Run until the script says that it is in the middle, then kill -9."""
    process = run(script, *arguments)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("moment", IN_THE_MIDDLE)
def test_a_kill_in_the_middle_leaves_whole_studies_only_and_no_bytes_of_others(
    moment: str, library: Library, entry: Entry, tmp_path: Path
) -> None:
    content = bytes_of(entry.place)
    killed_in(IN_THE_MIDDLE[moment], tmp_path / "data", tmp_path / "second", entry.entry_id)
    originals = bytes_of(tmp_path / "second")
    assert library.tidy() == ()
    listed, deleted = library.entries(), library.entries(Query(is_deleted=True))
    assert {e.entry_id for e in listed} == set(library.store.whole())
    assert {e.entry_id for e in deleted} == set(library.store.trashed())
    assert bytes_of(library.store.staging) == {}
    for kept in listed:
        assert len(bytes_of(kept.place)) == kept.n_images == 4
        assert sum(len(data) for data, _ in bytes_of(kept.place).values()) == kept.size_bytes
    if moment.startswith("import"):
        assert bytes_of(entry.place) == content
        assert len(listed) == (2 if "listed" in moment else 1)
        assert len(originals) == 4
    elif moment == "delete":
        assert [e.entry_id for e in deleted] == [entry.entry_id]
        library.restore([entry.entry_id])
        assert bytes_of(entry.place) == content
    elif moment == "restore":
        assert bytes_of(entry.place) == content
    else:
        assert listed == deleted == ()


def test_an_import_that_runs_in_another_window_is_not_tidied_away(
    library: Library, entry: Entry, tmp_path: Path
) -> None:
    process = run(IN_THE_MIDDLE["import while copying"], tmp_path / "data", tmp_path / "second", "")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    library.tidy()
    n_left = len(bytes_of(library.store.staging))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert n_left > 1
    library.tidy()
    assert bytes_of(library.store.staging) == {}


def test_two_processes_label_and_import_at_once_and_nothing_is_lost(
    library: Library, entry: Entry, tmp_path: Path
) -> None:
    script = """
for n in range(10):
    library.add_tag([study], f"{place.name} {n}")
    library.header_index().put_many([(f"/x/{place.name}{n}", 1, 1, "text")])
import_scan(library, bytes_scan(place, uid=f"2.25.{len(place.name)}"), Storage.COPIED, Silent())
library.tidy()
"""
    processes = [run(script, tmp_path / "data", tmp_path / name, entry.entry_id) for name in ("one", "three")]
    for process in processes:
        assert process.wait(timeout=120) == 0
        assert process.stdout is not None
        process.stdout.close()
    tags = library.entry(entry.entry_id).tags
    assert set(tags) == {f"{name} {n}" for name in ("one", "three") for n in range(10)}
    assert len(library.entries()) == 3
    assert library.header_index().get("/x/one9", 1, 1) == "text"


def test_three_windows_may_begin_a_library_at_the_same_moment(library: Library, tmp_path: Path) -> None:
    script = (
        "library.add_tag([], 'a'); library.tidy(); library.header_index().put_many([(sys.argv[2], 1, 1, 'x')])"
    )
    processes = [run(script, tmp_path / "data", f"/a/{number}", "") for number in range(3)]
    for process in processes:
        assert process.wait(timeout=120) == 0
        assert process.stdout is not None
        process.stdout.close()
    index = library.header_index()
    assert [index.get(f"/a/{number}", 1, 1) for number in range(3)] == ["x"] * 3


def test_a_lock_is_refused_to_others_and_free_again_afterwards(tmp_path: Path) -> None:
    with (
        held(tmp_path / "a.lock", 0.0),
        pytest.raises(PlannerError, match="another window"),
        held(tmp_path / "a.lock", 0.0),
    ):
        pytest.fail("two held it")
    with held(tmp_path / "a.lock", 0.0):
        pass


@pytest.mark.parametrize("damage", ["no database", "empty", "cut", "first pages", "zeros in the middle"])
def test_a_damaged_database_is_set_aside_and_the_copies_are_listed_again(
    damage: str, library: Library, entry: Entry, tmp_path: Path
) -> None:
    content, path = bytes_of(entry.place), library.database.path
    library.header_index().put_many([(f"/h/{n}", 1, 1, "x" * 2000) for n in range(20)])
    data = path.read_bytes()
    path.write_bytes(
        {
            "no database": b"this is no database " * 500,
            "empty": b"",
            "cut": data[:5000],
            "first pages": data[:100] + b"\xff" * 9000 + data[9100:],
            "zeros in the middle": data[:8192] + b"\0" * 20000 + data[28192:],
        }[damage]
    )
    again = Library(tmp_path / "data")
    findings = again.tidy()
    assert [e.entry_id for e in again.entries()] == [entry.entry_id]
    assert bytes_of(entry.place) == content
    if damage != "empty":
        assert [f.code for f in findings] == ["library_damaged"]
        assert len(list(again.store.root.glob("damaged-*.sqlite"))) == 1
    assert again.tidy() == findings
    again.acknowledge(findings)
    assert again.tidy() == ()


def test_what_can_still_be_read_of_a_damaged_database_is_kept(
    library: Library, entry: Entry, tmp_path: Path
) -> None:
    library.add_tag([entry.entry_id], "mine")
    library.set_notes(entry.entry_id, "well")
    link = import_scan(library, bytes_scan(tmp_path / "linked", uid="2.25.3"), Storage.LINKED, Silent())
    index = library.header_index()
    index.put_many([(f"/h/{n}", 1, 1, "x" * 3000) for n in range(200)])
    with sqlite3.connect(library.database.path) as database:
        page = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'header'").fetchone()[0]
    database.close()
    data = bytearray(library.database.path.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\x0a" + b"\xff" * 4095
    library.database.path.write_bytes(data)

    # A scan meets the damage and goes on without the cache.
    assert library.header_index().get("/h/3", 1, 1) is None
    findings = library.tidy()
    assert [f.code for f in findings] == ["library_damaged"]
    assert "2 of its entries could be read" in findings[0].why
    kept = library.entry(entry.entry_id)
    assert (kept.tags, kept.notes) == (("mine",), "well")
    assert is_present(library.entry(link.entries[0].entry_id))


def test_another_programs_database_is_not_written_to(library: Library) -> None:
    library.database.path.parent.mkdir(parents=True)
    with sqlite3.connect(library.database.path) as foreign:
        foreign.execute("CREATE TABLE accounts (name TEXT)")
        foreign.execute("INSERT INTO accounts VALUES ('kept')")
    foreign.close()
    assert library.entries() == ()
    (aside,) = library.store.root.glob("damaged-*.sqlite")
    with sqlite3.connect(aside) as foreign:
        assert foreign.execute("SELECT name FROM accounts").fetchall() == [("kept",)]
    foreign.close()


def test_a_library_of_an_older_version_gains_what_is_new_and_keeps_its_entries(
    library: Library, entry: Entry, tmp_path: Path
) -> None:
    old = Library(tmp_path / "old")
    old.database.path.parent.mkdir(parents=True)
    with sqlite3.connect(old.database.path) as database:
        database.executescript(
            f"{CATALOGUE}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;"
        )
        catalogue.put(database, entry)
    database.close()
    assert [e.study_uid for e in old.entries()] == [entry.study_uid]
    old.header_index().put_many([("/a/b", 1, 1, "new")])
    assert old.header_index().get("/a/b", 1, 1) == "new"


def test_a_library_of_a_newer_version_is_refused_and_left_as_it_is(library: Library, entry: Entry) -> None:
    with sqlite3.connect(library.database.path) as database:
        database.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    database.close()
    with pytest.raises(PlannerError, match="newer version"):
        Library(library.store.root.parent).entries()
    assert list(library.store.root.glob("damaged-*")) == []


def test_a_copy_whose_description_is_lost_is_told_and_not_removed(library: Library, entry: Entry) -> None:
    (entry.place.parent / "study.json").write_text('{"format": "auricle-study"')
    library.database.path.unlink()
    (finding,) = library.tidy()
    assert finding.code == "library_folder"
    assert library.tidy() == (finding,)
    assert len(bytes_of(entry.place)) == 4


def test_a_library_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(PlannerError, match="cannot be used"):
        Library(tmp_path / "file").entries()
