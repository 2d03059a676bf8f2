"""The case library: which studies there are, where they lie, and what belongs to them. SQLite and files; no Qt."""
