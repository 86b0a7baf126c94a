"""The console in the browser: plain pages that say who you are, what is yours, and what waits for you.

Verbs: none of its own. A button sends a form, and the form is a verb through the door, by what ``main`` hands in
(``house.WebHouse``). ``pages`` prints, ``routes`` answers, ``destination`` decides where a visitor may be sent.

Invariants: every page carries the same strict Content-Security-Policy and works without a script; nobody is led to a
host that is not ours; a form counts only when it was sent from the console itself; a secret is never printed back;
names and messages are hostile text and are escaped.
"""
