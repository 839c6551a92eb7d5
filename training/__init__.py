"""Learns unpaired image-to-image translation and exports one-file filters. Imports neither grpc nor ``server``.

At the door are the commands fit, export, convert and evaluate, the options and the losses; a run is in ``running``, a
step in ``methods``, and ``networks``, ``data``, ``filters``, ``computing`` and ``metrics`` hold what they say.
"""

import importlib.util
import sys

if importlib.util.find_spec("torch") is None:
    _SENTENCE = "Training needs PyTorch, which is not installed; run pip install 'pleinair[train]' and try again."
    # "-m" stands there while Python looks for the module that it is to run: then a person is told, not a program.
    raise SystemExit(f"error: {_SENTENCE}") if sys.argv[0] == "-m" else ImportError(_SENTENCE)
