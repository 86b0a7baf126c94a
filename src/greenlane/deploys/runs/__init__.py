"""Runs of functions that nobody waits for: by a schedule, because somebody asked, or in the background of a request.

Verbs: pause-schedule, resume-schedule, run-now, tell-of-runs.
Invariants: a run is written down before it begins and leaves one receipt when it is over, under the decision that put its
version live; a schedule's run never begins while the one before goes on; what was missed is made up for once; a run of
which nobody can tell what became of it is *interrupted*, and never begun again by itself.
"""
