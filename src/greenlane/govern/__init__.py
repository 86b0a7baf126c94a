"""The door: ``govern(actor, action) -> receipt``. Facts, policy, risk, lanes, approvals, envelopes and grants.

Invariants: no effect without a receipt, no receipt without a decision, no decision without the facts and the policy
digest that replay it bit for bit; an author never approves their own action, an agent never approves.
"""
