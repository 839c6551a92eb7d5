"""The server's log: lines that nobody else can forge, as text or JSON, each kind of them once a minute, and with the
call that they are about.

``escaping`` makes texts harmless, ``lines`` and ``json_lines`` format records, ``repeats`` counts instead of repeating,
``calls`` says which call a line is about, and ``setup`` puts them together.
"""
