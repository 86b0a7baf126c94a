"""The console in the browser: the path for people who are not engineers.

Verbs: none of its own. A button sends a form, and the form is a verb through the door (``doing``). ``site`` is the frame
around every answer, ``asked`` one request with its asker, ``frame`` prints; every other module is a room with
``routes(site)``, its templates in a folder of its name, its styles in ``static/css``.

Invariants: every page carries a strict Content-Security-Policy and works without a script; nobody is led to a host that
is not ours; a form counts only when it was sent from the console itself; a secret is shown once and never printed back;
names and messages are hostile text and are escaped.
"""
