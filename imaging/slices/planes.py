"""Which series are separate planes of a beating heart, and which fill space and are volumes."""

from __future__ import annotations

from core.study import Series
from imaging.find.files import FileKind, file_kind

UNEVEN = {"missing_slices", "uneven_spacing", "shifted_slices"}
GAPS = UNEVEN | {"sparse_slices"}
PLANE_STEP_MM = 4.0
"""Cine MR slices lie 5 to 12 mm apart, most with gaps between them; those of MR volumes at most about 3 mm."""


def is_planes(series: Series) -> bool:
    """True for MR slices that stand apart: a single one, a stack with gaps, or one of thick steps.

    Images of any other modality fill space: one slice of a CT says nothing that its stack does not say better.
    """
    if series.modality != "MR":
        return False
    codes = {finding.code for finding in series.findings}
    if series.shape[0] == 1 or codes & GAPS:
        return True
    return series.spacing_mm is not None and series.spacing_mm[0] >= PLANE_STEP_MM


def is_cine_planes(series: Series) -> bool:
    """True for planes at several cardiac phases, which may go in together with others of their kind."""
    return series.n_phases > 1 and is_planes(series)


def is_cine_file(series: Series) -> bool:
    """True for thick slices at several phases in a file that names no modality, as a 4-D NIfTI of a cine MR."""
    return (
        series.modality == "OT"
        and file_kind(series.phases[0][0]) is FileKind.NIFTI
        and series.n_phases > 1
        and series.spacing_mm is not None
        and series.spacing_mm[0] >= PLANE_STEP_MM
    )


def is_uneven_cine(series: Series) -> bool:
    """True for cine planes that cannot be a volume even when they are alone."""
    return is_cine_planes(series) and any(finding.code in UNEVEN for finding in series.findings)
