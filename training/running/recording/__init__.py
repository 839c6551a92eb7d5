"""What a run writes down as it goes: metrics, previews, scores, checkpoints, and when each of them is due.

How a step is made is no matter of this package, and it reads nothing back: the run's folder does.
"""
