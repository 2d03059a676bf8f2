"""How fast and how exact the slow parts are, each beside a peer that is measured in the same run."""
