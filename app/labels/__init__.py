"""Correcting labels: what a stroke does, what follows from it, and what of it is on the disk."""
