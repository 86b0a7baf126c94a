"""Workloads that come with their own platform's word, and no secret of ours: builds, deploys, jobs.

Verbs: trust-workload, end-trust.

Invariants: a rule names its issuer, its audience and every claim exactly; what comes under it may what the rule's person
may now, within the rule, and ends with that person and that rule; each token of an issuer is taken once.
"""
