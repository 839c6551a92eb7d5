"""Trainings as jobs: their folder, their processes, their turns. Knows no transport and imports no PyTorch."""
