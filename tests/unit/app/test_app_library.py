"""Studies in and out of the case library, by copy and by link; what is searched, labelled, deleted and undone."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from app.library.entry import Entry, Storage, describe_size
from app.library.importing import import_folder, import_scan, is_present, relocate
from app.library.library import Library
from app.library.search import Query
from core.errors import Cancelled, PlannerError
from core.progress import Reporting, Silent
from core.study import Patient, ScanResult, Series, Study
from tests.support.library_studies import bytes_of, bytes_scan, write_dicom_study


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "data")


def copied(library: Library, tmp_path: Path, **facts: str) -> Entry:
    scan = bytes_scan(tmp_path / f"in{facts.get('uid', '')}", **facts)
    return import_scan(library, scan, Storage.COPIED, Silent()).entries[0]


def test_nothing_is_made_before_the_library_is_used(tmp_path: Path) -> None:
    library = Library(tmp_path / "data")
    assert not library.remember_case(tmp_path / "a.auricle", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_copied_dicom_study_holds_the_same_bytes_and_opens_from_the_library(
    library: Library, tmp_path: Path
) -> None:
    from imaging.find.scan import scan_folder

    source = write_dicom_study(tmp_path / "disc")
    before = bytes_of(source)
    (entry,) = import_folder(library, source, Storage.COPIED).entries
    assert entry.entry_id.startswith("20240312-CT-")
    assert (entry.patient_name, entry.patient_id, entry.modalities, entry.n_images) == (
        "Ball^Bea",
        "P-1",
        ("CT",),
        3,
    )
    assert entry.size_bytes == sum(len(content) for content, _ in before.values())
    assert sorted(content for content, _ in bytes_of(entry.place).values()) == sorted(
        c for c, _ in before.values()
    )
    assert bytes_of(source) == before
    scan = scan_folder(entry.place)
    assert [(s.series_uid, s.n_images) for s in scan.series] == [("2.25.1.1", 3)]
    assert scan.findings == ()


def test_a_link_remembers_the_narrowest_folder_and_copies_nothing(library: Library, tmp_path: Path) -> None:
    write_dicom_study(tmp_path / "disc" / "a", study=1)
    write_dicom_study(tmp_path / "disc" / "b", study=2, name="Cube^Cid")
    imported = import_folder(library, tmp_path / "disc", Storage.LINKED)
    assert {e.patient_name: e.place for e in imported.entries} == {
        "Ball^Bea": tmp_path / "disc" / "a",
        "Cube^Cid": tmp_path / "disc" / "b",
    }
    assert library.store.whole() == ()


def test_a_study_that_is_there_is_not_imported_twice_but_one_with_more_images_is(
    library: Library, tmp_path: Path
) -> None:
    source = write_dicom_study(tmp_path / "disc", n_slices=3)
    for storage in Storage:
        import_folder(library, source, storage)
        again = import_folder(library, source, storage)
        assert again.entries == ()
        assert [f.code for f in again.findings] == ["in_library"]
    write_dicom_study(tmp_path / "disc", n_slices=5)
    assert [e.n_images for e in import_folder(library, source, Storage.COPIED).entries] == [5]


def test_names_of_files_cannot_leave_the_folder_and_keep_no_strange_letters(
    library: Library, tmp_path: Path
) -> None:
    names = ("..NIFTI..nii.gz", "Ünïcode \u202e name.NRRD", "-rf.mha", "a" * 200 + ".nii")
    folder = tmp_path / "in"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(name.encode())
    series = tuple(
        Series(f"2.25.{n}", "CT", name, ((folder / name,),), (1, 1, 1), None) for n, name in enumerate(names)
    )
    scan = ScanResult((Patient("", "", (Study("", "", "image files", series),)),))
    (entry,) = import_scan(library, scan, Storage.COPIED, Silent()).entries
    assert entry.entry_id.startswith("undated-CT-")
    stored = sorted(path.name for path in entry.place.iterdir())
    assert stored == [
        "000001-nifti.nii.gz",
        "000002-unicode---name.nrrd",
        "000003-rf.mha",
        f"000004-{'a' * 60}.nii",
    ]


def test_what_the_library_keeps_is_read_by_its_owner_only(library: Library, tmp_path: Path) -> None:
    copied(library, tmp_path)
    library.header_index().put_many([("/a/b", 1, 2, "Ball^Bea")])
    for path in library.store.root.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, f"{path.name} has mode {mode:o}"


def test_a_disk_that_is_too_full_is_told_before_anything_is_copied(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**9, 10**9 - 5000, 5000))
    with pytest.raises(PlannerError, match=r"the copy takes 12\.0 kB and 5\.0 kB are free"):
        copied(library, tmp_path)
    assert library.store.whole() == library.store.unfinished() == ()


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_disk_that_fills_up_while_copying_leaves_nothing_behind(
    call: str, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if call == "write":
        monkeypatch.setattr("app.library.copying.hashlib.sha256", lambda: type("H", (), {"update": full})())
    else:
        monkeypatch.setattr("app.library.copying.os.fsync", full)
    with pytest.raises(PlannerError, match="the disk is full"):
        copied(library, tmp_path)
    assert library.entries() == ()
    assert bytes_of(library.store.staging) == {}


def test_a_copy_that_reads_back_differently_is_refused(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.library import copying

    check = copying._check

    def rot(file: object, folder: Path) -> None:
        victim = next(folder.iterdir())
        victim.write_bytes(b"\xff" + victim.read_bytes()[1:])
        check(file, folder)  # type: ignore[arg-type]

    monkeypatch.setattr(copying, "_check", rot)
    with pytest.raises(PlannerError, match="came out differently"):
        copied(library, tmp_path)
    assert library.store.whole() == ()


def test_cancelling_an_import_leaves_nothing_behind(library: Library, tmp_path: Path) -> None:
    reports: list[str] = []
    progress = Reporting(lambda stage, _: reports.append(stage), lambda: len(reports) > 2)
    with pytest.raises(Cancelled):
        import_scan(library, bytes_scan(tmp_path / "in"), Storage.COPIED, progress)
    assert reports[0] == "Copying 12.0 kB"
    assert library.entries() == ()
    assert list(library.store.staging.iterdir()) == []


def test_an_archive_is_copied_and_cannot_be_linked(library: Library, tmp_path: Path) -> None:
    source = write_dicom_study(tmp_path / "disc")
    archive = Path(shutil.make_archive(str(tmp_path / "disc"), "zip", source))
    with pytest.raises(PlannerError, match="copy it into the library"):
        import_folder(library, archive, Storage.LINKED)
    (entry,) = import_folder(library, archive, Storage.COPIED).entries
    contents = sorted(content for content, _ in bytes_of(source).values())
    assert sorted(content for content, _ in bytes_of(entry.place).values()) == contents


def test_a_folder_without_images_and_the_library_itself_are_refused(library: Library, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PlannerError, match="no images"):
        import_folder(library, tmp_path / "empty", Storage.COPIED)
    entry = copied(library, tmp_path)
    with pytest.raises(PlannerError, match="in the library already"):
        import_folder(library, entry.place, Storage.LINKED)


def test_deleting_moves_a_copy_to_the_trash_and_undo_brings_all_of_it_back(
    library: Library, tmp_path: Path
) -> None:
    entry = copied(library, tmp_path)
    library.add_tag([entry.entry_id], "TAVI")
    library.set_notes(entry.entry_id, "see again")
    before, content = library.entry(entry.entry_id), bytes_of(entry.place)
    library.delete([entry.entry_id])
    assert library.entries() == ()
    assert not is_present(entry)
    assert library.space().trash_bytes == entry.size_bytes
    library.restore([entry.entry_id])
    assert library.entry(entry.entry_id) == before
    assert bytes_of(entry.place) == content


def test_the_originals_of_a_link_stay_as_they_are_whatever_is_done_to_the_entry(
    library: Library, tmp_path: Path
) -> None:
    source = write_dicom_study(tmp_path / "disc")
    before = bytes_of(source)
    (entry,) = import_folder(library, source, Storage.LINKED).entries
    library.delete([entry.entry_id])
    library.restore([entry.entry_id])
    library.delete([entry.entry_id])
    assert library.empty_trash() == 1
    library.tidy()
    assert library.entries(Query(is_deleted=True)) == ()
    assert bytes_of(source) == before


def test_emptying_the_trash_frees_the_disk_and_forgets_the_headers(library: Library, tmp_path: Path) -> None:
    entry = copied(library, tmp_path)
    path = str(entry.place / "000001.dcm")
    library.header_index().put_many([(path, 1, 2, "Ball^Bea"), ("/elsewhere/a", 1, 2, "kept")])
    library.delete([entry.entry_id])
    assert library.empty_trash(older_than_days=30) == 0
    assert library.empty_trash() == 1
    assert bytes_of(library.store.trash) == bytes_of(library.store.staging) == {}
    assert library.header_index().get(path, 1, 2) is None
    assert library.header_index().get("/elsewhere/a", 1, 2) == "kept"
    with pytest.raises(PlannerError, match="no entry is called so"):
        library.entry(entry.entry_id)


def test_what_lies_in_the_trash_for_thirty_days_goes_by_itself(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = copied(library, tmp_path, uid="2.25.1"), copied(library, tmp_path, uid="2.25.2")
    monkeypatch.setattr("app.library.catalogue.now_utc", lambda: "2020-01-01T00:00:00.000+00:00")
    library.delete([old.entry_id])
    monkeypatch.undo()
    library.delete([new.entry_id])
    library.tidy()
    assert [e.entry_id for e in library.entries(Query(is_deleted=True))] == [new.entry_id]


def test_originals_that_are_gone_are_offline_and_come_back_where_they_were_moved_to(
    library: Library, tmp_path: Path
) -> None:
    source = write_dicom_study(tmp_path / "disc")
    write_dicom_study(tmp_path / "other", study=2)
    (entry,) = import_folder(library, source, Storage.LINKED).entries
    library.add_tag([entry.entry_id], "mine")
    source.rename(tmp_path / "moved")
    assert not is_present(library.entry(entry.entry_id))
    with pytest.raises(PlannerError, match="not found there"):
        relocate(library, entry.entry_id, tmp_path / "other")
    relocate(library, entry.entry_id, tmp_path / "moved")
    found = library.entry(entry.entry_id)
    assert is_present(found)
    assert (found.place, found.tags) == (tmp_path / "moved", ("mine",))


def test_a_case_belongs_to_the_study_it_was_saved_from(library: Library, tmp_path: Path) -> None:
    entry = copied(library, tmp_path)
    case = tmp_path / "plan.auricle"
    assert library.remember_case(case, entry.place)
    assert library.remember_case(case, entry.place)
    assert not library.remember_case(case, tmp_path)
    assert library.entry(entry.entry_id).cases == (case,)


def test_words_are_found_whatever_their_case_accents_and_order(library: Library, tmp_path: Path) -> None:
    muller = copied(library, tmp_path, uid="2.25.1", name="Müller^Änne")
    other = copied(library, tmp_path, uid="2.25.2", name="100%_sure^A")
    library.add_tag([other.entry_id], "Follow-Up")
    library.set_notes(other.entry_id, "needs Ultrasound")

    def ids(text: str) -> set[str]:
        return {entry.entry_id for entry in library.entries(Query(text))}

    both = {muller.entry_id, other.entry_id}
    assert ids("") == ids("heart") == ids("p-7") == ids("CHEST ct") == both
    assert ids("anne MULLER") == ids("müller") == {muller.entry_id}
    assert ids("follow") == ids("ultrasound 100%") == ids("0%_s") == {other.entry_id}
    assert ids("mul%ler") == ids("_") - {other.entry_id} == ids("' OR 1=1 --") == ids("\\") == set()


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("2024-03", True), ("2024-03-12", True), ("2024-04", False), ("2023..", True), ("..2024", True),
        ("2024-01..2024-03", True), ("20240313..", False), ("..2024-02", False), ("..", True), ("2024..2023", False),
    ],
)  # fmt: skip
def test_days_are_found_by_what_is_typed(text: str, is_found: bool, library: Library, tmp_path: Path) -> None:
    copied(library, tmp_path)
    assert bool(library.entries(Query(text))) is is_found


def test_modality_tags_and_days_narrow_the_list_together(library: Library, tmp_path: Path) -> None:
    entry = copied(library, tmp_path)
    library.add_tag([entry.entry_id], " a   b ")
    library.add_tag([entry.entry_id], "c")
    assert library.entries(Query(modality="CT", tags=("a b", "c"), first_date="20240312", last_date="20240312"))
    for query in (
        Query(modality="C"),
        Query(tags=("a b", "d")),
        Query(first_date="20240313"),
        Query(is_deleted=True),
    ):
        assert library.entries(query) == ()
    assert library.tags() == {"a b": 1, "c": 1}
    library.remove_tag([entry.entry_id], "c")
    assert library.tags() == {"a b": 1}


@pytest.mark.parametrize("tag", ["", "  ", "a,b", "x" * 41, "a\u202eb"])
def test_a_tag_that_would_not_be_read_again_is_refused(tag: str, library: Library) -> None:
    with pytest.raises(PlannerError, match="tag"):
        library.add_tag([], tag)


@pytest.mark.parametrize("name", ["../../etc", "", "a/b", ".", "..", "x" * 99, "C:\\x", "a\0b"])
def test_an_id_that_could_name_another_place_is_refused(name: str, library: Library) -> None:
    with pytest.raises(PlannerError):
        library.delete([name])
    with pytest.raises(PlannerError):
        library.store.discard(name)


def test_a_repr_never_names_a_patient_or_a_place(library: Library, tmp_path: Path) -> None:
    entry = replace(copied(library, tmp_path), notes="Bea is well", tags=("Bea",))
    text = repr(entry)
    for secret in ("Ball", "Bea", "P-7", str(tmp_path)):
        assert secret not in text


def test_a_link_whose_name_is_no_text_is_kept_as_it_is(library: Library, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    (entry,) = import_scan(library, bytes_scan(folder), Storage.LINKED, Silent()).entries
    assert is_present(library.entry(entry.entry_id))


def test_sizes_read_as_disks_are_sold() -> None:
    assert [describe_size(n) for n in (0, 999, 1000, 99_900, 123_456_789, 2_500_000_000_000)] == [
        "0 bytes", "999 bytes", "1.0 kB", "99.9 kB", "123 MB", "2.5 TB",
    ]  # fmt: skip
