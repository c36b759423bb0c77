"""Fine-tunes of one base, compressed together and by the usual alternatives."""
