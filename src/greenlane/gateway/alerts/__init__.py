"""Alerts about calls to models: a budget that is spent or nearly, a model without a price, a key or a provider in trouble.

Verbs: tell-of-models (the platform's own), dismiss-alert. An alert is kept, and people hear of it by a notice, by mail and by
webhook as of any other receipt.

Invariants: one alert for one thing in one period, however often it is met; no sentence names a person.
"""
