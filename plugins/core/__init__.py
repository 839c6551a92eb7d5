"""What both editors' plug-ins are besides their windows: settings, the session with the server, jobs, history."""
