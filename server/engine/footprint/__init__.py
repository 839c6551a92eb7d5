"""How much memory a network takes for a picture when it is computed in one run, by what is in its graph.

``shapes`` infers what every value is, ``order`` says when each node runs, ``blocked`` adds the copies that onnxruntime
makes in the layout of its convolutions, ``workspaces`` what kernels need beside their values, ``lifetimes`` adds up
what lives at a time, and ``footprint`` puts it together.
"""
