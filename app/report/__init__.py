"""The report of a case, and pictures of it for files: what is open, on paper."""
