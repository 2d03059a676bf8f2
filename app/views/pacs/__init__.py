"""The widgets that ask an archive and fetch from it."""
