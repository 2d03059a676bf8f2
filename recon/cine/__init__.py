"""Cine studies: sparse planes of a beating heart to one moving anatomy."""
