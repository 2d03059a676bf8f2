"""Scanners built from physics, for scores only: nothing that trains may import them, or the scores are not honest."""
