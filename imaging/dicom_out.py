"""The old place of `imaging.outputs.series`."""

from imaging.outputs.series import PatientModule, write_series

__all__ = ["PatientModule", "write_series"]
