"""From a folder on somebody's disk to an address: upload, inspect, preview, publish, roll back.

Verbs: build, stop-build, finish-build, deploy, publish, rollback, create-preview-token, revoke-preview-token, look, answer-look,
take-picture; those of ``runs`` are named there.
Invariants: an artifact never changes; a publish moves an environment at once or not at all; what was inspected is what
is served; the passport's digest is fixed at deploy; rolling back locks the environment until somebody says otherwise.
"""
