"""The server's log: lines that nobody else can forge, as text or JSON, each kind of them once a minute, and with the
call that they are about.

``escaping`` makes texts harmless, ``fields`` are what a line tells and ``lines`` what it looks like, ``repeats`` (with
``window``) counts instead of repeating, ``calls`` says which call a line is about, and ``setup`` puts them together.
"""
