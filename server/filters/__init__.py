"""The filters folder: reads and checks filter files and their descriptions, and follows the folder's changes.

Running a filter's network is the task of ``server.engine``.
"""
