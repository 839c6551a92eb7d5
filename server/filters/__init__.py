"""The filters folder: reads and checks filter files and their descriptions, and follows the folder's changes.

- ``folder`` keeps a ``catalogue`` of what ``scanner`` finds, in ``places`` that may be read; ``filter_file`` loads a
  file that was examined;
- ``examination``: a file, with ``sidecar`` and ``external_data`` beside it, is read (``onnx_model``) and described
  (``description``, ``feeding``, ``constant_inputs``);
- ``trial_process`` has files tried by ``trying``, within ``limits``, and ``operators`` says what may be in them;
- ``trial``: which sizes its network computes, by a ``probe``, and in words (``answers``) why none; ``verdicts``
  remember that.

Running a filter's network is the task of ``server.engine``.
"""
