"""What is seen, without Qt: scenes as pure data, one renderer, slices, cutting."""
