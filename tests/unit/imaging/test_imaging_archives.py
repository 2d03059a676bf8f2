"""An archive is opened like a folder, unless it is made to do harm."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import Cancelled, PlannerError
from core.progress import Reporting
from core.volume import Volume
from imaging.find import archives
from imaging.find.archives import is_archive, unpacked
from imaging.find.scan import scan_folder
from imaging.formats.nifti import write_volume
from imaging.slices.load import load_path

Pack = Callable[..., Path]


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Write a zip of (name, content) pairs."""

    def write(*members: tuple[str | zipfile.ZipInfo, bytes], name: str = "study.zip") -> Path:
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members:
                archive.writestr(member, content)
        return tmp_path / name

    return write


@pytest.fixture
def study(oblique: Volume, write_dicom) -> list[Path]:
    """Five DICOM slices and a NIfTI file."""
    paths = write_dicom(oblique)
    write_volume(oblique, paths[0].parent / "v.nii.gz")
    return [*paths, paths[0].parent / "v.nii.gz"]


def test_a_zip_holds_the_same_series_as_its_folder(study: list[Path], pack: Pack) -> None:
    path = pack(*((f"CD\\IMAGES/{file.name}", file.read_bytes()) for file in study))
    packed, plain = scan_folder(path), scan_folder(study[0].parent)
    assert [s.series_uid for s in packed.series][:1] == [s.series_uid for s in plain.series][:1]
    assert [s.shape for s in packed.series] == [(5, 6, 7), (5, 6, 7)]
    assert packed.series[1].description == "CD/IMAGES/v.nii.gz"


def test_a_zip_and_a_tar_are_inputs_of_every_command(
    oblique: Volume, study: list[Path], tmp_path: Path
) -> None:
    for name, mode in (("a.tar", "w"), ("a.tgz", "w:gz")):
        with tarfile.open(tmp_path / name, mode) as archive:
            for file in study[:5]:
                archive.add(file, f"s/{file.name}")
        (volume,) = load_path(tmp_path / name)
        assert np.array_equal(volume.voxels, oblique.voxels)


def test_an_image_from_a_zip_is_the_same_series_the_next_day(
    study: list[Path], pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(("v.nii.gz", study[5].read_bytes()))
    (first,) = scan_folder(path).series
    monkeypatch.setattr(archives, "_folders", {})
    (second,) = scan_folder(path).series
    assert first.phases != second.phases
    assert first.series_uid == second.series_uid


def test_only_this_user_can_enter_and_an_archive_is_unpacked_once(study: list[Path], pack: Pack) -> None:
    path = pack(("a.dcm", study[0].read_bytes()))
    folder = unpacked(path)
    assert unpacked(path) == folder
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "name", ["../../evil", "a/../../evil", "/tmp/evil", "..\\..\\evil", "C:\\evil", "\\evil"]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(pack: Pack, name: str, tmp_path: Path) -> None:
    with pytest.raises(PlannerError, match="outside"):
        unpacked(pack(("good", b"x"), (name, b"evil")))
    assert not list(tmp_path.rglob("evil"))
    assert not Path("/tmp/evil").exists()


def test_a_link_in_an_archive_is_never_made(pack: Pack, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"other patient")
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    zipped = unpacked(pack((link, str(secret).encode()), ("link/x", b"x")))
    assert [(path.name, path.is_symlink()) for path in sorted(zipped.rglob("*"))] == [
        ("link", False),
        ("x", False),
    ]
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        entry = tarfile.TarInfo("link")
        entry.type, entry.linkname = tarfile.SYMTYPE, str(secret)
        archive.addfile(entry)
    assert list(unpacked(tmp_path / "a.tar").rglob("*")) == []


def test_a_bomb_is_refused_before_it_fills_the_disk(
    pack: Pack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(archives, "FREE_OF_RATIO_BYTES", 1 << 20)
    path = pack(("zeros", bytes(8 << 20)))
    before = set(Path(archives.tempfile.gettempdir()).glob(f"{archives.PREFIX}*"))
    with pytest.raises(PlannerError, match="more than a study"):
        unpacked(path)
    assert set(Path(archives.tempfile.gettempdir()).glob(f"{archives.PREFIX}*")) == before


def test_a_bomb_that_lies_about_its_size_is_refused_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "FREE_OF_RATIO_BYTES", 1 << 20)
    with tarfile.open(tmp_path / "bomb.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("zeros")
        entry.size = 64 << 20
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    with pytest.raises(PlannerError, match="more than a study"):
        unpacked(tmp_path / "bomb.tar.gz")


def test_too_many_files_are_refused(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_FILES", 20)
    with pytest.raises(PlannerError, match="more than a study"):
        unpacked(pack(*((str(number), b"") for number in range(21))))


def test_an_encrypted_zip_is_refused_by_that_name(pack: Pack) -> None:
    path = pack(("a", b"x"))
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(PlannerError, match="encrypted"):
        unpacked(path)


@pytest.mark.parametrize(("magic", "name"), [(b"Rar!\x1a\x07", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7z")])
def test_other_archives_are_refused_by_their_name(tmp_path: Path, magic: bytes, name: str) -> None:
    (tmp_path / "a").write_bytes(magic + bytes(200))
    with pytest.raises(PlannerError, match=name):
        scan_folder(tmp_path / "a")


def test_a_zip_that_is_cut_short_is_refused(study: list[Path], pack: Pack) -> None:
    path = pack(*((file.name, file.read_bytes()) for file in study))
    for keep in (10, 400, path.stat().st_size - 30):
        path.write_bytes(path.read_bytes()[:keep])
        with pytest.raises(PlannerError, match="damaged"):
            scan_folder(path)


def test_an_archive_in_an_archive_stays_one(study: list[Path], pack: Pack) -> None:
    inner = pack(("a.dcm", study[0].read_bytes()), name="inner.zip")
    scan = scan_folder(pack(("inner.zip", inner.read_bytes())))
    assert scan.series == ()
    assert [finding.code for finding in scan.findings] == ["archives"]


def test_archives_beside_images_are_counted_with_the_way_to_open_them(study: list[Path], pack: Pack) -> None:
    folder = study[0].parent
    pack(("a.dcm", study[0].read_bytes()), name="Doe_Jane.ZIP").rename(folder / "Doe_Jane.ZIP")
    for name in ("b.tgz", "c.7z", "d.txt"):
        (folder / name).write_bytes(b"no image")
    scan = scan_folder(folder)
    assert scan.series
    assert [(f.code, f.what.split()[0]) for f in scan.findings] == [("archives", "3"), ("no_image", "1")]
    assert "open each by itself" in scan.findings[0].fix
    assert "Doe" not in str(scan.findings)


def test_two_members_of_one_name_are_both_kept(pack: Pack) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        path = pack(("a", b"1"), ("a", b"2"))
    assert sorted(p.read_bytes() for p in unpacked(path).iterdir()) == [b"1", b"2"]


def test_unpacking_stops_when_told_to_and_leaves_nothing(pack: Pack) -> None:
    path = pack(("a", os.urandom(1 << 20)))
    before = set(Path(archives.tempfile.gettempdir()).glob(f"{archives.PREFIX}*"))
    with pytest.raises(Cancelled):
        unpacked(path, Reporting(lambda stage, done: None, is_cancelled=lambda: True))
    assert set(Path(archives.tempfile.gettempdir()).glob(f"{archives.PREFIX}*")) == before


def test_what_a_killed_program_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / f"{archives.PREFIX}left"
    left.mkdir()
    (left / archives.LOCK).touch()
    archives._sweep(tmp_path)
    assert not left.exists()


def test_a_dicom_file_that_begins_like_a_zip_is_dicom(study: list[Path]) -> None:
    content = study[0].read_bytes()
    study[0].write_bytes(b"PK\x03\x04" + content[4:])
    assert not is_archive(study[0])
