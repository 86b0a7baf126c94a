"""A table that one process owns and others follow: whole at first, then change by change, with a beat in between.

The owner (``authority``) waits until its followers serve a change. A follower (``following``) hears, takes it up, says so,
and may say more to the owner. JSON lines over a unix socket; everything is said again to whoever comes back.
"""
