"""`auricle headset --case CASE`: the heart and its plan on headsets and tablets, or as a lesson in one file."""

from __future__ import annotations

import argparse
import queue
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.console import progress_of, say
from core.errors import PlannerError
from core.staging import replace_file

if TYPE_CHECKING:
    from app.case import Case
    from app.headset import Headset
    from app.session import Session

WAIT_S = 0.2
LOOK_S = 5.0
LARGEST_PORT = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    parser.add_argument("--case", type=Path, required=True, metavar="CASE", help="a saved case (*.auricle)")
    parser.add_argument("--lan", action="store_true", help="let other machines of the local network join")
    parser.add_argument(
        "--port", type=_port, default=0, metavar="N", help="listen on port N (default: a free one)"
    )
    parser.add_argument(
        "--show-name", action="store_true", help="viewers see the patient's name and typed names of plan items"
    )
    parser.add_argument(
        "--save", action="store_true", help="at the end, write what viewers changed into the case"
    )
    parser.add_argument(
        "--lesson", type=Path, metavar="FILE", help="write one HTML file to learn from, and end"
    )


def run(options: argparse.Namespace) -> None:
    """Serve until it is interrupted. Raises PlannerError when case, page or network are not there."""
    case = _read(options)
    if options.lesson is not None:
        _write_lesson(case, options.lesson)
        return
    from app.session import Session
    from app.settings import default_data_folder

    session = Session(default_data_folder())
    try:
        session.show_case(options.case, case)
        _serve(session, options)
    finally:
        session.close()


def _read(options: argparse.Namespace) -> Case:
    from app.case import is_case, read_case

    name = options.case.name
    if not is_case(options.case):
        raise PlannerError(
            f"cannot show {name}", "it is not a saved case", "save one in the window: File, Save case"
        )
    case = read_case(options.case, progress_of(options))
    if case.anatomy is None:
        raise PlannerError(
            f"cannot show {name}", "it holds no reconstruction", "reconstruct the heart and save the case again"
        )
    return case


def _write_lesson(case: Case, path: Path) -> None:
    from ar.headset.lesson import lesson_html
    from ar.headset.shown import Shown

    html = lesson_html(Shown(case.anatomy, case.plan, case.view, 1)).encode()
    replace_file(path, html)
    say(f"wrote {path.name}: {len(html) / 1e6:.1f} MB; it opens in any browser, without a network")


def _serve(session: Session, options: argparse.Namespace) -> None:
    from app.headset import Headset

    waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    printed = _Printer()
    headset = Headset(session, waiting.put, lambda: printed.refresh(headset))
    headset.allow_name = options.show_name
    before = session.state.plan
    headset.start(options.lan, options.port)
    try:
        printed.refresh(headset)
        say("Ctrl+C ends it.")
        _work(waiting, lambda: printed.refresh(headset))
    except KeyboardInterrupt:
        say("")
    finally:
        headset.stop()
    _keep(session, options, before != session.state.plan)


def _work(waiting: queue.SimpleQueue[Callable[[], None]], refresh: Callable[[], None]) -> None:
    looked_s = time.monotonic()
    while True:
        with suppress(queue.Empty):
            waiting.get(timeout=WAIT_S)()
        # A code that nobody used grows too old: then another one is printed.
        if time.monotonic() - looked_s > LOOK_S:
            looked_s = time.monotonic()
            refresh()


def _keep(session: Session, options: argparse.Namespace, is_changed: bool) -> None:
    from app.case import PLAN
    from plan.schema import write_plan

    if not is_changed:
        say("The plan is as it was.")
    elif options.save:
        write_plan(session.state.plan, options.case / PLAN)
        say("What viewers changed is in the case.")
    else:
        say(
            "What viewers changed is in this patient's journal, not in the case: open it in the window and undo once."
        )


class _Printer:
    """Prints the pairing code whenever there is a new one, and who has come."""

    def __init__(self) -> None:
        self._url = ""
        self._names: tuple[str, ...] = ()

    def refresh(self, headset: Headset) -> None:
        from ar.headset.codes import qr_text

        names = tuple(f"{viewer.name} ({viewer.address})" for viewer in headset.viewers)
        for name in names[len(self._names) :]:
            say(f"paired: {name}")
        self._names = names
        code = headset.pairing_code()
        if code.url != self._url:
            self._url = code.url
            if sys.stdout.isatty():
                say(qr_text(code.url))
            say(f"open once, in the headset: {code.url}")
            say(f"the browser warns of the certificate; its SHA-256 is {code.fingerprint}")


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"a number from 0 to {LARGEST_PORT}")
    return value
