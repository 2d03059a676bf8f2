"""Guided sets of measures: what a surgeon needs of one structure, from the landmarks placed on it."""
