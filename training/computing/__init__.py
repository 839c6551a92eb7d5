"""What training computes on and how: device, memory, number formats, the processes that train together.

Nothing here knows pictures, networks of ours, or runs.
"""
