"""Trainings as callers know them: whether this server trains, and what can be asked about a training.

How a training is kept, run and turned into a filter is in ``jobs``; how it learns is in the package ``training``, which
is never imported here.
"""
