"""The members of an archive, read in the child process; the program that writes them judges every name and size."""

from __future__ import annotations

import json
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from core.errors import PlannerError

PIECE_BYTES = 1 << 18
IS_ENCRYPTED = 1
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)


def unpack(path: Path, argument: Any) -> Iterator[str | bytes]:
    """First (number of members, bytes they claim in all; 0 when unknown), then for each its name, then its bytes.

    What is no regular file, as a link is, gives no member. Raises PlannerError when the archive is damaged,
    encrypted or packed by a method that is not known.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from _zip_members(archive, path)
        else:
            with tarfile.open(path, "r:*") as archive:
                yield from _tar_members(archive)
    except NotImplementedError as error:
        why = "it is packed by a method that is not known here"
        raise PlannerError(f"cannot open {path.name}", why, "unpack it and choose the folder") from error
    except _DAMAGE as error:
        raise PlannerError(
            f"cannot open {path.name}", "the archive is damaged or cut short", "copy it again from its source"
        ) from error


def _zip_members(archive: zipfile.ZipFile, path: Path) -> Iterator[str | bytes]:
    members = [member for member in archive.infolist() if not member.is_dir() and _is_file(member)]
    if any(member.flag_bits & IS_ENCRYPTED for member in members):
        raise PlannerError(
            f"cannot open {path.name}", "it is encrypted", "unpack it with its password and choose the folder"
        )
    yield json.dumps([len(members), sum(member.file_size for member in members)])
    for member in members:
        yield json.dumps(member.filename)
        with archive.open(member) as stream:
            yield from _pieces(stream)


def _is_file(member: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(member.external_attr >> 16)
    return kind in (0, stat.S_IFREG)


def _tar_members(archive: tarfile.TarFile) -> Iterator[str | bytes]:
    yield json.dumps([0, 0])
    for member in archive:
        if not member.isreg():
            continue
        stream = archive.extractfile(member)
        assert stream is not None
        yield json.dumps(member.name)
        yield from _pieces(stream)


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(PIECE_BYTES):
        yield piece
