"""Tissue maps to images of any contrast and any sampling, for training and for synthetic patients."""
