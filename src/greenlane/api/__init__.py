"""The HTTP face: every verb at ``POST /v1/actions/{verb}``, every query under ``/v1``, errors as problem documents.

It holds no rule of its own: who may do what is the door's, what is true is the queries'.
"""
