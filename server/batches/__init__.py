"""Picture files through a translator, for server.translate: what a command line means, one picture after another,
standard input and output.
"""
