"""From folders, discs and archives to the series that a person sees; headers only."""
