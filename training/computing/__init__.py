"""What training computes on and how: device, memory, number formats, the processes that train together.

Nothing here knows about pictures, this project's networks, or runs.
"""
