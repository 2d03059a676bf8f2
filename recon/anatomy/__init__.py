"""Procedural patients: hearts and their neighbours as signed distances, with their exact truth."""
