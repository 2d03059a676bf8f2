"""The surgical plan: items, measures, edits, history and storage; pure data and geometry, numpy only."""
