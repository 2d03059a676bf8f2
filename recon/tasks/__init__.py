"""The reconstructions, one folder each."""
