"""What apps store: a folder for each app in each environment, with a quota, and snapshots of it.

Verbs: snapshot-data, restore-data, erase-data.

Invariants: data is never carried from one environment to another; a publish over data has a snapshot of it first, or does
not happen; restoring keeps what it replaces; whatever is interrupted, there is the old data or the new, and never half of
it; the part of the platform that decides never opens what an app wrote, and the part that does never follows a link in it.
"""
