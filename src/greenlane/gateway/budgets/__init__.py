"""Budgets that cannot be overspent, however many calls, workers and crashes there are.

One ``Owner`` writes a budget's books and leases slices of it; a worker's ``Purse`` spends its slices without asking
anybody. A call reserves its bound in every budget that it concerns, in one step, and settles at its price.

Invariants: what was spent and what is leased never exceed a hard budget; a lease is durable before a worker has it; all
that is said between worker and owner is a running total, so that losing or repeating it changes nothing; the slice of a
worker that died comes back after its journal was read, and not before; what lies idle is called back before anybody is
refused.
"""
