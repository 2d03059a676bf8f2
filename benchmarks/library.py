"""A folder opened again from the header index, beside reading it anew; and copying into the library, beside `cp`."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from app.library import catalogue
from app.library.entry import Storage
from app.library.importing import import_scan
from app.library.library import Library
from app.library.search import Query
from benchmarks.report import Comparison, Row, best_of
from benchmarks.scanning import N_SERIES, read_headers, write_study
from core.progress import Silent
from imaging.find.scan import scan_folder

N_STUDIES = 2000
N_ROWS = 5000
HEADER_CHARACTERS = 1500


def compare(quick: bool) -> Comparison:
    """Each way has run once before it is timed, so that the disk's cache is warm."""
    n_slices = 25 if quick else 250
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as place:
        folder, library = Path(place, "study"), Library(Path(place, "data"))
        write_study(folder, n_slices)
        read_headers(folder)
        anew_s, scan = best_of(1, lambda: scan_folder(folder))
        first_s, _ = best_of(1, lambda: scan_folder(folder, cache=library.header_index()))
        again_s, reopened = best_of(2, lambda: scan_folder(folder, cache=library.header_index()))
        assert reopened == scan, "the index changed what a folder holds"
        headers_s, n_files = best_of(1, lambda: read_headers(folder))
        copy_s, _ = best_of(1, lambda: import_scan(library, scan, Storage.COPIED, Silent()))
        cp_s, _ = best_of(1, lambda: shutil.copytree(folder, Path(place, "cp")))
        keep_s, ask_s = _index(library)
        search_s = _search(library)
    return Comparison(
        f"{n_files} single-frame files in {N_SERIES} folders",
        (
            Row("Auricle, opened again with the header index", again_s, {"files": n_files, "files opened": 0}),
            Row("Auricle, opened for the first time, headers kept", first_s, {"files": n_files}),
            Row("Auricle, without the index", anew_s, {"files": n_files}),
            Row("pydicom, headers only", headers_s, {"files": n_files}),
            Row("copied into the library: hashed, synced, read back, compared", copy_s, {"files": n_files}),
            Row("shutil.copytree, neither synced nor checked", cp_s, {"files": n_files}),
            Row("index alone: keeping the headers of a folder", keep_s, {"files": N_ROWS}),
            Row("index alone: asking for each file of that folder", ask_s, {"files": N_ROWS}),
            Row(f"one search with two words among {N_STUDIES} studies", search_s, {}),
        ),
        ("copying ends when the disk says that it has the files; how long that takes is the disk's affair",),
    )


def _index(library: Library) -> tuple[float, float]:
    """Seconds for keeping and for asking of the headers of one folder, without any file."""
    rows = [(f"/folder/{number:06d}.dcm", 500_000, number, "x" * HEADER_CHARACTERS) for number in range(N_ROWS)]
    keep_s, _ = best_of(1, lambda: library.header_index().put_many(rows))

    def ask() -> int:
        index = library.header_index()
        return sum(index.get(path, size, time_ns) is not None for path, size, time_ns, _ in rows)

    ask_s, n_found = best_of(3, ask)
    assert n_found == N_ROWS, "the index lost headers"
    return keep_s, ask_s


def _search(library: Library) -> float:
    """Seconds of one search with two words among many studies."""
    (entry,) = library.entries()
    with library.database.transaction() as connection:
        for number in range(N_STUDIES - 1):
            other = replace(entry, entry_id=f"20240101-CT-{number:08d}", patient_name=f"Name{number}^First")
            catalogue.put(connection, other)
    seconds, found = best_of(3, lambda: library.entries(Query("name17 noise")))
    assert found, "the search found nothing"
    return seconds
