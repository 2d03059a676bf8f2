"""Processes that edit a case through the session as a window does, and say after each step that it is kept.

Each acknowledged step is a line with a fingerprint of plan, history and labels as they are then. A step that the disk
refuses is a line as well, and the last one.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import signal
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np

from app.case import case_of, write_case
from app.labels.edited import mark_of
from app.session import Session
from core.errors import PlannerError
from core.progress import Silent
from plan import edits, versions
from plan.edits import Edit
from plan.items import Contour, Distance, Landmark
from plan.label_edits import edit_of_voxels
from plan.schema import plan_to_json
from tests.support.ball_patient import make_anatomy, make_series, make_volume
from tests.support.report_state import place, ring

LARGEST_PLAN = 40
SAVE_EVERY = 7


def opened(folder: Path) -> Session:
    """The session on the ball's patient, with what its journal holds."""
    session = Session(folder)
    session.show_volume(make_series(), 0, make_volume())
    if session.state.anatomy is None:
        session.show_anatomy(make_anatomy())
    return session


def fingerprint(session: Session) -> str:
    """What plan, history and labels are now, in 16 hex digits."""
    history = session.state.history
    digest = hashlib.sha256(json.dumps(plan_to_json(history.plan)).encode())
    digest.update(repr([edit.name for edit in history.edits[: history.n_done]]).encode())
    anatomy = session.state.anatomy
    if anatomy is not None and anatomy.labels is not None:
        digest.update(anatomy.labels.labels.tobytes())
    return digest.hexdigest()[:16]


def step(session: Session, chance: random.Random) -> None:
    """One random step of a user: an item, a move, undo, redo, notes, another version, or a stroke over labels."""
    plan, kind = session.state.plan, chance.random()
    if kind < 0.12:
        session.undo()
    elif kind < 0.2:
        session.redo()
    elif kind < 0.27:
        session.apply(versions.write_notes(plan, f"note {chance.random()}"))
    elif kind < 0.3 and len(plan.shelf) < 3:
        session.apply(versions.duplicate(plan))
    elif kind < 0.34 and plan.shelf:
        session.apply(versions.switch(plan, chance.choice(plan.shelf).version_id))
    elif kind < 0.5:
        _stroke(session, chance)
    elif kind < 0.65 and plan.items:
        item = chance.choice(plan.items)
        session.apply(edits.change(plan, replace(item, name=f"named {chance.random():.6f}"), "Rename"))
    elif len(plan.items) > LARGEST_PLAN:
        session.apply(edits.remove(plan, plan.items[0].item_id))
    else:
        x, name = chance.uniform(-20.0, 20.0), f"item {chance.random():.6f}"
        made = (
            Landmark(name, place(x)),
            Distance(name, place(x), place(0, x, 3)),
            Contour(name, ring(5 + abs(x))),
        )
        session.apply(edits.add(plan, chance.choice(made)))


def _stroke(session: Session, chance: random.Random) -> None:
    """Labels of a few voxels changed by hand, as the brush does it."""
    session.labels.keep_beginning()
    anatomy = session.state.anatomy
    assert anatomy is not None
    assert anatomy.labels is not None
    flat = np.array([chance.randrange(anatomy.labels.labels.size) for _ in range(30)])
    edit = edit_of_voxels(anatomy.labels, mark_of(anatomy).map_id, 0, flat, np.uint8(chance.randrange(3)))
    session.apply(Edit("Paint", session.state.plan, edit))


def main(folder: Path, seed: int, largest_bytes: int = 0) -> None:
    """Edit until killed, or until the disk refuses."""
    session, chance = opened(folder), random.Random(seed)
    _say("open", fingerprint(session))
    if largest_bytes:
        # Writing more is refused with an error, as on a full disk, instead of by a signal.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_bytes, largest_bytes))
    for n in count():
        before = fingerprint(session)
        try:
            step(session, chance)
            if n % SAVE_EVERY == SAVE_EVERY - 1:
                write_case(case_of(session.state), folder / "saved.auricle", Silent())
        except PlannerError as refusal:
            if "space" in refusal.fix:
                _say("refused", before, fingerprint(session), refusal.what)
                return
        _say(n, fingerprint(session))


def _say(*words: object) -> None:
    # One write, so that a kill leaves whole lines or none.
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def serve() -> None:
    """For each line of "folder seed largest_bytes": fork a process that edits there, and say its number first.

    What it imports is imported once: hundreds of processes can be killed in a minute.
    """
    for line in sys.stdin:
        folder, seed, largest_bytes = line.split()
        pid = os.fork()
        if pid == 0:
            _say("pid", os.getpid())
            main(Path(folder), int(seed), int(largest_bytes))
            os._exit(0)
        os.waitpid(pid, 0)
        _say("ended")


if __name__ == "__main__":
    serve()
