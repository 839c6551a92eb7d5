"""Pictures for training: read from folders, or made."""
