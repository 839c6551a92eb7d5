"""How options are read: their kinds, and where they come from. Which options there are is in ``server.config``."""
