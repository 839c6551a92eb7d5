"""Pictures for training: reads them from folders or makes them, caches and reports them, and draws batches of crops.

Nothing here trains. Pictures for people to look at are made in ``display`` and ``contact_sheet``.
"""
