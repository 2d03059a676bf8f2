"""Asking archives (PACS) for studies and giving results back: DIMSE and DICOMweb."""
