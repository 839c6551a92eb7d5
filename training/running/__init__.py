"""One run of training, from its command line to its end: the folder, the loop, resuming, stopping, reporting.

What a step computes is in ``methods``; what a run writes, and when, is in ``recording``. The command is
``training.fit``.
"""
