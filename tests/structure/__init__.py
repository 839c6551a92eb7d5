"""The shape of our own source, read without running it: its files, what they import and how long they are."""
