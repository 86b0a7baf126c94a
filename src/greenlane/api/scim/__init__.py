"""SCIM 2.0 for the company's directory, at ``/scim/v2``: the core of ``scim2-server`` over ``identity.provisioning``.

A directory comes in with a token of its own. What it sends is first made what the standard says (``tolerance``), then
each change is an action through the door, and the request is noted in words.
"""

from greenlane.api.scim.routes import routes

__all__ = ["routes"]
