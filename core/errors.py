"""Refusals and findings: what happened, why, and what the user can do about it."""

from __future__ import annotations

from dataclasses import dataclass


class PlannerError(Exception):
    """A refusal that a user can act on. Shown as one sentence each: what, why, what to do."""

    def __init__(self, what: str, why: str, fix: str) -> None:
        super().__init__(f"{what}: {why}; {fix}")
        self.what = what
        self.why = why
        self.fix = fix


class Cancelled(Exception):
    """Raised by `Progress.report` when the user has asked the running work to stop."""


@dataclass(frozen=True)
class Finding:
    """Something the user should know that does not stop the work."""

    code: str
    what: str
    why: str
    fix: str
