"""Changing over from one provider to another, in one step for all calls.

``plan`` says which routes change and to what; the verb ``set-routes`` (``actions``, ``effects``) sets them together: one
decision, one receipt, one change of the table. Taking it back is the same verb with the routes from before.

Invariants: what the dry run showed is what the action holds, route by route; answers that run go on where they began.
"""
