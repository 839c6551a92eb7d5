"""Trainings as jobs: their folders, their queue, the processes that run them, and the filters made of them.

Knows neither a transport nor PyTorch: a trainer is a command line that reports its progress as lines of JSON.
"""
