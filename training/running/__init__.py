"""One run of training, from its command line to its end: the folder, the loop, resuming, stopping, reporting.

What a step computes is in ``methods``; what is written in a run, and when, in ``recording``; at the door,
``training.fit`` puts these together.
"""
