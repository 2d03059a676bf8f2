"""The catalogue of reconstructions. Reading it imports no torch."""

from __future__ import annotations

from core.errors import PlannerError
from recon.task import TaskSpec
from recon.tasks.heart.spec import HEART_TASK

TASKS: tuple[TaskSpec, ...] = (HEART_TASK,)


def find_task(key: str) -> TaskSpec:
    """The task of this key. Raises PlannerError when there is none."""
    for task in TASKS:
        if task.key == key:
            return task
    known = ", ".join(task.key for task in TASKS)
    raise PlannerError(f"no task {key!r}", f"the tasks are: {known}", "choose one of them")
