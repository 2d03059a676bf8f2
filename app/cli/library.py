"""`auricle library ...`: the case library without a window. Names, notes and places only when asked for."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from app.cli.console import progress_of, say, say_findings, write_json
from app.library.entry import Entry, Storage, describe_size
from app.library.importing import import_folder, is_present, relocate
from app.library.library import Library
from app.library.search import Query
from app.settings import default_data_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one parser per action."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    for add in (_add_list, _add_import, _add_changes, _add_tag, _add_relocate, _add_space):
        add(actions)
    for action in set(actions.choices.values()):
        action.add_argument("--json", type=Path, metavar="FILE", help="also write the result as JSON")
        action.add_argument("--quiet", action="store_true", default=argparse.SUPPRESS, help="no progress")


def run(options: argparse.Namespace) -> None:
    """Do one action; what happened to the library since the last time is said first. Raises PlannerError."""
    library = Library(default_data_folder())
    findings = library.tidy(progress_of(options))
    say_findings(findings)
    library.acknowledge(findings)
    content = ACTIONS[options.action](library, options)
    if options.json is not None:
        write_json(options.json, content)


def _list(library: Library, options: argparse.Namespace) -> Mapping[str, object]:
    query = Query(
        options.search, options.from_day, options.to_day, options.modality, tuple(options.tag), options.deleted
    )
    entries = library.entries(query)
    for entry in entries:
        say(_line(entry, options.names))
    return {"studies": [_as_json(entry, options.names) for entry in entries]}


def _import(library: Library, options: argparse.Namespace) -> Mapping[str, object]:
    storage = Storage.LINKED if options.link else Storage.COPIED
    imported = import_folder(library, options.folder, storage, progress_of(options))
    for entry in imported.entries:
        say(_line(entry, False))
    say_findings(imported.findings)
    findings = [{"code": f.code, "what": f.what, "why": f.why, "fix": f.fix} for f in imported.findings]
    return {"studies": [_as_json(entry, False) for entry in imported.entries], "findings": findings}


def _delete(library: Library, options: argparse.Namespace) -> Mapping[str, object]:
    entries = _named(library, options)
    library.delete([entry.entry_id for entry in entries])
    for entry in entries:
        say(f"{entry.entry_id} is in the trash; auricle library restore {entry.entry_id} brings it back")
    return _after(library, entries)


def _restore(library: Library, options: argparse.Namespace) -> Mapping[str, object]:
    entries = _named(library, options)
    library.restore([entry.entry_id for entry in entries])
    for entry in entries:
        say(f"{entry.entry_id} is back")
    return _after(library, entries)


def _tag(library: Library, options: argparse.Namespace) -> Mapping[str, object]:
    entries = _named(library, options)
    ids = [entry.entry_id for entry in entries]
    change = library.remove_tag if options.remove else library.add_tag
    change(ids, options.label)
    after = [library.entry(entry_id) for entry_id in ids]
    for entry in after:
        say(_line(entry, False))
    return {"studies": [_as_json(entry, False) for entry in after]}


def _relocate(library: Library, options: argparse.Namespace) -> Mapping[str, object]:
    entry = relocate(library, library.entry(options.id).entry_id, options.folder, progress_of(options))
    say(_line(entry, False))
    return {"studies": [_as_json(entry, False)]}


def _space(library: Library, options: argparse.Namespace) -> Mapping[str, object]:
    if options.empty_trash:
        say(f"{library.empty_trash(progress_of(options))} studies removed from the trash")
    space = library.space()
    say(f"copies: {describe_size(space.copied_bytes)} in {space.n_copied} studies")
    say(f"trash: {describe_size(space.trash_bytes)} in {space.n_trash} studies")
    say(f"linked: {describe_size(space.linked_bytes)} in {space.n_linked} studies, outside the library")
    say(f"free: {describe_size(space.free_bytes)}")
    return {**vars(space), "studies": [_as_json(entry, False) for entry in library.entries()]}


ACTIONS: Mapping[str, Callable[[Library, argparse.Namespace], Mapping[str, object]]] = {
    "list": _list,
    "import": _import,
    "delete": _delete,
    "restore": _restore,
    "tag": _tag,
    "relocate": _relocate,
    "space": _space,
}


def _after(library: Library, entries: tuple[Entry, ...]) -> Mapping[str, object]:
    return {"studies": [_as_json(library.entry(entry.entry_id), False) for entry in entries]}


def _named(library: Library, options: argparse.Namespace) -> tuple[Entry, ...]:
    return tuple(library.entry(name) for name in options.ids)


def _line(entry: Entry, with_names: bool) -> str:
    parts = [
        entry.entry_id,
        f"{len(entry.series)} series",
        f"{entry.n_images} images",
        describe_size(entry.size_bytes),
        entry.storage.value if is_present(entry) or entry.is_deleted else f"{entry.storage.value}, offline",
        ", ".join(entry.tags),
    ]
    if with_names:
        parts += [entry.patient_name, entry.patient_id, str(entry.place), *map(str, entry.cases), entry.notes]
    return "  ".join(_one_line(part) for part in parts if part)


def _one_line(text: str) -> str:
    """What a file or a user wrote must not steer the terminal that shows it."""
    return "".join(c if c.isprintable() else " " for c in text)


def _as_json(entry: Entry, with_names: bool) -> dict[str, object]:
    content: dict[str, object] = {
        "id": entry.entry_id,
        "study_uid": entry.study_uid,
        "date": entry.study_date,
        "description": entry.description,
        "storage": entry.storage.value,
        "is_present": is_present(entry),
        "size_bytes": entry.size_bytes,
        "tags": list(entry.tags),
        "n_cases": len(entry.cases),
        "imported_utc": entry.imported_utc,
        "opened_utc": entry.opened_utc,
        "deleted_utc": entry.deleted_utc,
        "series": [
            {
                "series_uid": series.series_uid,
                "modality": series.modality,
                "description": series.description,
                "n_images": series.n_images,
            }
            for series in entry.series
        ],
    }
    if with_names:
        content["patient_name"], content["patient_id"] = entry.patient_name, entry.patient_id
        content["place"], content["cases"] = str(entry.place), [str(case) for case in entry.cases]
        content["notes"] = entry.notes
    return content


Actions = argparse._SubParsersAction


def _add_list(actions: Actions[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser("list", help="the studies of the library")
    parser.add_argument("--search", default="", metavar="WORDS", help="as in the window: words and days")
    parser.add_argument(
        "--from", default="", dest="from_day", type=_day, metavar="DAY", help="2024-03-12, or 2024"
    )
    parser.add_argument("--to", default="", dest="to_day", type=_day, metavar="DAY")
    parser.add_argument("--modality", default="", help="such as CT")
    parser.add_argument("--tag", action="append", default=[], help="may be given several times: all of them")
    parser.add_argument("--deleted", action="store_true", help="what is in the trash instead")
    parser.add_argument("--names", action="store_true", help="also names and ids of patients, places and notes")


def _add_import(actions: Actions[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser("import", help="add every study under a folder or in an archive")
    parser.add_argument("folder", type=Path)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--copy", action="store_true", help="copy the images into the library (default)")
    how.add_argument(
        "--link", action="store_true", help="remember the place only; the originals are never touched"
    )


def _add_changes(actions: Actions[argparse.ArgumentParser]) -> None:
    for name, text in (
        ("delete", "to the trash; of a link only the entry"),
        ("restore", "back from the trash"),
    ):
        parser = actions.add_parser(name, help=text)
        parser.add_argument("ids", nargs="+", metavar="ID", help="as listed, or its last eight digits")


def _add_tag(actions: Actions[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser("tag", help="label studies")
    parser.add_argument("label", metavar="TAG")
    parser.add_argument("ids", nargs="+", metavar="ID")
    parser.add_argument("--remove", action="store_true", help="take the tag away")


def _add_relocate(actions: Actions[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser("relocate", help="tell where the originals of a link are now")
    parser.add_argument("id", metavar="ID")
    parser.add_argument("folder", type=Path)


def _add_space(actions: Actions[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser("space", help="bytes on the disk")
    parser.add_argument("--empty-trash", action="store_true", help="remove for good what was deleted")


def _day(text: str) -> str:
    digits = text.replace("-", "")
    if text and not (digits.isascii() and digits.isdigit() and len(digits) in (4, 6, 8)):
        raise argparse.ArgumentTypeError("a day is 2024-03-12, 2024-03 or 2024")
    return digits
