"""What plug-ins do and know, whatever their editor: use cases over the port in ``host``, the session with the server,
settings and kept results. No editor's own calls, and no widgets."""
