"""Fuzzing: nonsense of every kind against a real server and our readers, and what must hold whatever comes.

``dice.py`` changes bytes, the modules beside it make one kind of input each (``kinds.py`` names them), ``target.py`` is
the server that gets them and ``holding.py`` what must hold of its answers. ``python -m tests.fuzz`` runs for as long as
one likes; the tests here run a little of each kind, always the same.
"""
