"""Opening studies, series and cases, and saving a case."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from app import case as cases
from app import clips, given
from app.commands.command import Command, Desk
from app.labels.edited import stale_keys
from app.labels.surfaces import with_fresh_surfaces
from app.library.library import Library
from app.opening import IMAGE_PATTERN, SURFACE_PATTERN, Opened, is_surface, read_paths
from app.state import State
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.progress import Progress
from core.study import Series, SeriesKind
from core.volume import Volume

SLICES = (SeriesKind.STACK, SeriesKind.LOCALISER)
PICTURES = (SeriesKind.PROJECTION, SeriesKind.CLIP, SeriesKind.CAPTURE)
STRUCTURES = (SeriesKind.SEGMENTATION, SeriesKind.CONTOURS, SeriesKind.SURFACE)


def open_study(desk: Desk, path: Path) -> None:
    """List what a folder, an archive or a DICOMDIR holds; a case folder is opened as a case."""
    open_paths(desk, (path,))


def open_paths(desk: Desk, paths: Sequence[Path]) -> None:
    """Open what was dropped or chosen: a case, a study, files of it, or a surface."""
    if len(paths) == 1 and cases.is_case(paths[0]):
        open_case(desk, paths[0])
    elif paths and all(is_surface(path) for path in paths):
        import_surfaces(desk, paths)
    elif paths and may_leave(desk):
        cache = Library(desk.session.data_folder).header_index()
        work = lambda progress: read_paths(paths, progress, cache)  # noqa: E731
        desk.run("Reading headers", work, lambda found: _show(desk, found))


def open_series(desk: Desk, series: Series, phase: int = 0) -> None:
    """Open a series as what it is: slices at a phase, pictures, structures, or measurements.

    Raises:
        PlannerError: nothing of it can be shown, or other work runs.
    """
    if series.kind in SLICES:
        _open_slices(desk, series, phase)
    elif series.kind in PICTURES:
        desk.run("Opening pictures", clips.work_of(series), desk.session.show_clip)
    elif series.kind in STRUCTURES:
        desk.run("Reading structures", given.work_of(series), desk.session.show_given)
    else:
        desk.run("Reading report", given.work_of_report(series), desk.session.add_measurements)


def import_surfaces(desk: Desk, paths: Sequence[Path]) -> None:
    """Show surface files over the images that are open, after a person has said their unit and their space.

    Several files are one question: who drops them together has them from one place.

    Raises:
        PlannerError: no images are open that they could lie in, or two of them have one name.
    """
    works = [given.work_of_glb(path) for path in paths if path.suffix.lower() == ".glb"]
    silent = [path for path in paths if path.suffix.lower() != ".glb"]
    images = desk.session.state.volume
    if silent:
        if images is None:
            raise PlannerError(
                "the surface is not opened",
                "a surface file does not say whose heart it is",
                "open the images of this patient first",
            )
        _need_different_names(silent)
        facts = desk.ask_surface_facts(silent)
        if facts is None:
            return
        works += [given.work_of_surface(path, facts, images) for path in silent]

    def show(found: list[Anatomy]) -> None:
        for anatomy in found:
            desk.session.show_given(anatomy)

    desk.run("Reading surfaces", lambda progress: [work(progress) for work in works], show)


def _need_different_names(paths: Sequence[Path]) -> None:
    names = [path.stem for path in paths]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise PlannerError(
            "the surfaces are not opened",
            f"two of them are called {twice}, and one would take the other's place",
            "rename one, or open one after the other",
        )


def phase_to_open(state: State, series: Series) -> int:
    """The phase at which to open a series: planes of one heart keep theirs when one goes from one to the next."""
    now = state.series
    is_beside = (
        now is not None
        and now.n_phases == series.n_phases
        and now.frame_of_reference_uid == series.frame_of_reference_uid != ""
    )
    return state.phase if is_beside else 0


def _open_slices(desk: Desk, series: Series, phase: int) -> None:
    def work(progress: Progress) -> Volume:
        from imaging.slices.load import load_series

        return load_series(series, phase, progress)

    desk.run("Loading images", work, lambda volume: desk.session.show_volume(series, phase, volume))


def _show(desk: Desk, found: Opened) -> None:
    desk.session.show_study(found.folder, found.scan)
    if found.chosen is not None:
        open_series(desk, found.chosen)


def open_case(desk: Desk, folder: Path) -> None:
    """Open a saved case: its study when it is still there, its anatomy and its plan."""
    if not may_leave(desk):
        return
    cache = Library(desk.session.data_folder).header_index()
    desk.run(
        "Opening case",
        lambda progress: cases.read_case(folder, progress, cache),
        lambda case: desk.session.show_case(folder, case),
    )


def save_case(desk: Desk, folder: Path) -> None:
    """Write study reference, anatomy and plan to a case folder."""
    content = cases.case_of(desk.session.state)
    begun = desk.session.labels.beginning() if stale_keys(content.anatomy) else None

    def work(progress: Progress) -> None:
        fresh = with_fresh_surfaces(content.anatomy, begun, progress)
        cases.write_case(replace(content, anatomy=fresh), folder, progress)

    desk.run(
        "Saving case",
        work,
        lambda _: desk.session.saved_as(folder, content.plan, content.anatomy, content.moving),
    )


def may_leave(desk: Desk) -> bool:
    """Ask before a reconstruction that is in no case is left behind; the plan itself is in the journal."""
    state = desk.session.state
    if state.is_saved or state.anatomy is None:
        return True
    return desk.confirm("Leave without saving?", "The reconstruction is not saved. The plan's steps are kept.")


def _ask_and_open_study(desk: Desk) -> None:
    folder = desk.ask_folder("Open a folder of images or a case")
    if folder is not None:
        open_study(desk, folder)


def _ask_and_open_file(desk: Desk) -> None:
    path = desk.ask_file("Open an image, an archive (zip) or a DICOMDIR", IMAGE_PATTERN)
    if path is not None:
        open_paths(desk, (path,))


def _ask_and_import_surface(desk: Desk) -> None:
    path = desk.ask_file("Import a surface", SURFACE_PATTERN)
    if path is not None:
        import_surfaces(desk, (path,))


def _of_the_chosen(run: Callable[[Desk, Series], None]) -> Callable[[Desk], None]:
    def on_chosen(desk: Desk) -> None:
        if not desk.chosen_series:
            raise PlannerError("nothing was opened", "no series is marked in the list", "mark one first")
        run(desk, desk.chosen_series[0])

    return on_chosen


def _open_chosen(desk: Desk, series: Series) -> None:
    open_series(desk, series, phase_to_open(desk.session.state, series))


def _save(desk: Desk) -> None:
    if desk.session.state.case is not None:
        save_case(desk, desk.session.state.case)
    else:
        _save_as(desk)


def _save_as(desk: Desk) -> None:
    folder = desk.ask_new_folder("Save case as", f"case{cases.SUFFIX}")
    if folder is not None:
        save_case(
            desk, folder if folder.suffix == cases.SUFFIX else folder.with_name(folder.name + cases.SUFFIX)
        )


def _is_open(state: State) -> bool:
    return state.is_patient_open


def _has_images(state: State) -> bool:
    return state.volume is not None


COMMANDS = (
    Command("file.open", "Open folder…", _ask_and_open_study, ("Ctrl+O",), "folder", while_busy=False),
    Command("file.open_file", "Open file…", _ask_and_open_file, ("Ctrl+Shift+O",), "", while_busy=False),
    Command(
        "file.open_series",
        "Open series",
        _of_the_chosen(_open_chosen),
        (),
        "",
        lambda state: state.scan is not None and bool(state.scan.series),
        while_busy=False,
    ),
    Command(
        "file.import_surface",
        "Import surface…",
        _ask_and_import_surface,
        (),
        "",
        _has_images,
        while_busy=False,
        why_not=lambda state: "open the images of this patient first",
    ),
    Command("file.save", "Save case", _save, ("Ctrl+S",), "save", _is_open, while_busy=False),
    Command("file.save_as", "Save case as…", _save_as, ("Ctrl+Shift+S",), "", _is_open, while_busy=False),
    Command("file.quit", "Quit", lambda desk: desk.quit(), ("Ctrl+Q",)),
)
