"""Two reconstructions of one patient, laid over each other through the signed distances of their structures."""
