"""Pictures of any size within a memory budget: a network in sweeps of pieces, with the whole picture's result."""
