"""Learns unpaired image-to-image translation and exports one-file filters. Imports neither grpc nor ``server``.

Here are the commands fit, export, convert and evaluate, the options and the losses; a run is in ``running``, a step in
``methods``, and ``networks``, ``data``, ``filters``, ``computing`` and ``metrics`` hold what their names say.
"""

import importlib.util
import sys

if importlib.util.find_spec("torch") is None:
    _SENTENCE = "Training needs PyTorch, which is not installed; run pip install 'pleinair[train]' and try again."
    # argv[0] is "-m" while Python looks for the module that it will run: then a person should be told, not a program.
    raise SystemExit(f"error: {_SENTENCE}") if sys.argv[0] == "-m" else ImportError(_SENTENCE)
