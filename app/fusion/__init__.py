"""A second series of the same patient over the open one: made, kept, and shown."""
