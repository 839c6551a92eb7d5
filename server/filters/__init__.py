"""The filters folder: reading and checking a filter file, what it says about itself, following the folder's changes.

How a filter's network computes is not here but in ``server.engine``.
"""
