"""Training on synthetic patients: a pool of anatomies, fresh images at every step, a resumable trainer."""
