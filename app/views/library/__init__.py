"""The widgets of the case library."""
