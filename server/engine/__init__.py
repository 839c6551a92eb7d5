"""Runs filters on a device: pictures of any size, for many clients at once, within a memory budget.

What lives here, in the order in which a request meets it:

- ``worker``: one device's thread and memory; ``account`` says who holds how much of it beside what is computed,
  ``scheduler`` whose turn it is, ``sharing`` how much memory it plans with and what is computed together; ``entry`` is
  a request in the queue, ``outbox`` its rows on their way out, ``forecast`` and ``pace`` how long it will take;
- ``execution``: one picture by its plan, with a smaller plan when memory is exhausted;
- ``any_size``: pads (``padding``), takes the plan of the first executor that has one, crops; ``plan`` says what an
  executor and a plan are, ``whole`` is the executor that every backend can offer, with a network whose
  means keep their digits (``exact_statistics``) where the library's do not;
- ``backend``: what a library that runs networks is asked for; ``provider`` names those that there are, and
  ``onnxruntime/`` is one. Nothing else here knows onnxruntime but ``fused/``, whose convolutions are its own;
- ``tiled/`` and ``fused/``: two more executors, in tiles of any memory and on an NVIDIA GPU; ``network/`` reads a
  network for both;
- ``source``, ``pixels``, ``transparency``: pictures as tensors and bytes, and what hidden pixels are replaced by;
  ``feed``: how a network takes a picture; ``cancel``: how a run is ended; ``memory``: what is free; ``failure``: what
  a run's error says of the network.

What does not: filter files and what they say of themselves (``server.filters``), what a translation is and how it is
told (``server.translation``), and anything of a transport.
"""

from pleinair.common.telemetry import leave_telemetry_off

leave_telemetry_off()
