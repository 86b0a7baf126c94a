"""Running code that nobody here wrote: a sandbox for each app and build, a process that owns them all.

Sandboxes have their own view of files, processes and users, no network but unix sockets, and limits on everything that
can run out. What cannot be isolated on a machine is refused in words; files alone are served without any of this.

Invariants: no code of an app runs outside a sandbox; a sandbox holds no key of the platform; the process that owns
sandboxes has no database; what runs goes on when control is away.
"""
