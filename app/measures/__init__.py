"""Measures that need the surfaces: the wall's thickness, ways and gaps, what a plane cuts out, grey values."""
