"""Brings studies into the library: by copy, whole or not at all, or by link, where only the place is remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from app.library.copying import Order, copy_files, not_copied
from app.library.describing import Candidate, candidates_of, holds, name_of
from app.library.entry import Entry, Imported, Storage, describe_size
from app.library.library import Library
from app.library.lock import held
from app.library.store import moving
from core.errors import Finding, PlannerError
from core.progress import Progress, Silent
from core.study import ScanResult

MARGIN_BYTES = 200_000_000
"""Kept free beyond what a copy takes: journals and cases must still be saved afterwards."""


def import_folder(
    library: Library, folder: Path, storage: Storage, progress: Progress | None = None
) -> Imported:
    """Add every study under a folder, of a DICOMDIR, or, by copy, in an archive; these are only read.

    Raises:
        PlannerError: there are no images, a file cannot be read, the disk is too full, or the library is busy.
            Studies that were whole before stay; of the others nothing is left.
        Cancelled: told to stop; as above.
    """
    from imaging.find.archives import is_archive
    from imaging.find.scan import scan_folder

    progress = progress or Silent()
    folder = folder.resolve()
    if folder.is_relative_to(library.store.root.resolve()):
        raise PlannerError("nothing was imported", "it is in the library already", "choose another folder")
    if is_archive(folder) and storage is Storage.LINKED:
        why = "images cannot be read from inside an archive each time"
        raise PlannerError("the archive was not linked", why, "copy it into the library instead")
    # What an archive is unpacked to is gone afterwards: nothing to remember.
    cache = library.header_index() if folder.is_dir() else None
    return import_scan(library, scan_folder(folder, progress, cache), storage, progress)


def import_scan(library: Library, scan: ScanResult, storage: Storage, progress: Progress) -> Imported:
    """As `import_folder`, for what was scanned before. Raises PlannerError, Cancelled."""
    candidates = candidates_of(scan, storage)
    if not candidates:
        why = "; ".join(finding.what for finding in scan.findings) or "it is empty"
        raise PlannerError("nothing was imported", f"there are no images: {why}", "choose a folder of images")
    wanted, findings = _not_yet_known(library, candidates)
    if storage is Storage.COPIED:
        _check_space(library, sum(candidate.entry.size_bytes for candidate in wanted))
    for number, candidate in enumerate(wanted):
        if storage is Storage.COPIED:
            _copy(library, candidate, _Part(progress, number, len(wanted)))
        else:
            library.put(candidate.entry)
    progress.report("Importing", 1.0)
    entries = tuple(library.entry(candidate.entry.entry_id) for candidate in wanted)
    return Imported(entries, (*scan.findings, *findings))


def relocate(library: Library, entry_id: str, folder: Path, progress: Progress | None = None) -> Entry:
    """Tell where the originals of a link are now. Raises PlannerError when not all of them are in that folder."""
    from imaging.find.scan import scan_folder

    entry = library.entry(entry_id)
    if entry.storage is not Storage.LINKED:
        raise PlannerError("nothing was moved", "the library has its own copy of this study", "open it")
    scan = scan_folder(folder.resolve(), progress, library.header_index())
    for candidate in candidates_of(scan, Storage.LINKED):
        found = candidate.entry
        if holds(found, entry):
            moved = replace(entry, place=found.place, series=found.series, size_bytes=found.size_bytes)
            library.put(moved)
            return moved
    raise PlannerError(
        "the study was not found there", "the folder does not hold all its images", "choose where they are now"
    )


def is_present(entry: Entry) -> bool:
    """True when the images can be reached now. May wait for a network disk."""
    return entry.place.is_dir()


def _not_yet_known(
    library: Library, candidates: Sequence[Candidate]
) -> tuple[list[Candidate], tuple[Finding, ...]]:
    wanted, findings = [], []
    for candidate in candidates:
        entry = candidate.entry
        alike = [e for e in library.copies_of(entry.study_uid) if e.storage is entry.storage]
        if entry.storage is Storage.LINKED:
            alike = [known for known in alike if known.place == entry.place]
        known = next((known for known in alike if holds(known, entry)), None)
        if known is None:
            wanted.append(candidate)
        else:
            findings.append(_is_known(known))
    return wanted, tuple(findings)


def _is_known(known: Entry) -> Finding:
    what = f"the study {known.entry_id} is in the library already"
    return Finding("in_library", what, "it has all these images", "open it from the list")


def _copy(library: Library, candidate: Candidate, progress: Progress) -> None:
    """Copy into a folder of its own that becomes the study's in one step."""
    entry = candidate.entry
    orders = [
        Order(path, name_of(number, path), size) for number, (path, size) in enumerate(candidate.files, start=1)
    ]
    try:
        with _begun(library, entry.entry_id) as images:
            copied = copy_files(orders, images, progress)
            with moving(library.store):
                library.store.finish(entry, copied)
                library.put(entry)
    except OSError as error:
        raise not_copied(error) from error


@contextmanager
def _begun(library: Library, entry_id: str) -> Iterator[Path]:
    """An empty folder to copy to, locked for as long as the block runs; whatever is left there is removed."""
    store = library.store
    lock = store.lock_of(entry_id)
    with ExitStack() as stack:
        with moving(store):
            stack.enter_context(held(lock, 0.0))
        try:
            yield store.begin(entry_id)
        finally:
            store.discard(entry_id)
            with suppress(OSError):
                lock.unlink()


def _check_space(library: Library, needed: int) -> None:
    try:
        free = library.store.free_bytes()
    except OSError as error:
        raise not_copied(error) from error
    if needed and free < needed + MARGIN_BYTES:
        raise PlannerError(
            "nothing was imported",
            f"the copy takes {describe_size(needed)} and {describe_size(free)} are free",
            "free some space, or link the folder instead of copying it",
        )


class _Part:
    """The progress of one study among several."""

    def __init__(self, whole: Progress, number: int, count: int) -> None:
        self._whole, self._number, self._count = whole, number, count

    def report(self, stage: str, done: float) -> None:
        """Report as a part of the whole."""
        self._whole.report(stage, (self._number + done) / self._count)
