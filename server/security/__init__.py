"""Who may use the server: its certificate, its clients' authority and token, and where it may listen without them.

``guard`` checks calls, ``protection`` is what the operator's files say, ``renewal`` reads them anew when they change,
``exposure`` says what is missing where other machines can reach the server.
"""
