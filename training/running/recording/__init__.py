"""Writes what a run records as it goes: metrics, previews, scores and checkpoints, each when it is due.

This package does not know how a step is made, and it reads nothing back; ``running.run`` does that.
"""
