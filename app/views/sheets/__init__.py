"""The sheets of guided measures, a widget each."""
