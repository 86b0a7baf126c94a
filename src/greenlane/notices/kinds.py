"""What a notice can be: words that everybody who tells, hears and chooses shares."""

from __future__ import annotations

KINDS = {
    "break-glass": "an owner came in around the company's sign-in, or with a recovery code",
    "interrupted": "an action was interrupted, and it cannot be told what became of it",
    "asked": "a request waits for your decision",
    "look": "you are asked to look at a change that went through",
    "review": "you are asked who still needs their access, or are reminded of it",
    "answered": "your request was approved, declined or sent back, or it expired",
    "flawed": "a newer list knows flaws in the packages of an app of yours",
    "runs": "a function of yours failed again and again, or nobody can tell what became of a run of it",
    "sign-in": "somebody signed in as you with a browser that was not seen before",
    "company": "the company's identity provider shows other certificates, or metadata that were not taken over",
    "models": "something about calls to models needs a look: a budget, a price, a provider or its key",
    "unused": "an app of yours is about to fall asleep, or did",
    "told": "something went through with the safeguard that its owner is told",
    "widened": "more people can open an app of yours than before",
}
"""What a notice can be, the most pressing first."""

ALARMS = frozenset({"break-glass"})
"""The kinds of notices that everybody hears whom they concern, and every webhook, whatever was chosen."""
