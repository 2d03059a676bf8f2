"""Slices to volumes: order, phases, even grids."""
