"""Pictures for training: read from folders or made, cached, reported on, and drawn as batches of crops.

Networks and the loop are elsewhere; what a person sees of pictures is made in ``display`` and ``contact_sheet``.
"""
