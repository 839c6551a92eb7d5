"""What plug-ins do in any editor: use cases on top of the port in ``host``, the session with the server, settings and
kept results. Contains no editor's own calls and no widgets."""
