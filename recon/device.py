"""Which device does the work, said openly when it is not the one that was asked for."""

from __future__ import annotations

from core.errors import Finding, PlannerError


def choose_device(wanted: str) -> tuple[str, tuple[Finding, ...]]:
    """The torch device for "auto", "cpu" or "cuda", and a finding when "auto" had to take the CPU.

    Raises PlannerError when "cuda" is asked for and there is none.
    """
    import torch

    if wanted == "cpu":
        return "cpu", ()
    if torch.cuda.is_available():
        return "cuda", ()
    if wanted == "cuda":
        raise PlannerError(
            "cannot run on the GPU", "this machine has no CUDA device that torch can use", "use --device cpu"
        )
    fallback = Finding(
        "on-cpu", "running on the CPU", "no CUDA device was found", "expect seconds instead of milliseconds"
    )
    return "cpu", (fallback,)
