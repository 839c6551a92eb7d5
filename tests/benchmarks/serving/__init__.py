"""What serving costs, in time and memory, against the other ways to run the same network.

``python -m tests.benchmarks.serving --help`` says what can be measured; ``make bench`` measures what takes minutes.
"""
