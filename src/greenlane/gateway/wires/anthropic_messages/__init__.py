"""Anthropic's messages, ``POST /v1/messages``, and the counting of their tokens, ``POST /v1/messages/count_tokens``.

Facts: https://docs.anthropic.com/en/api/messages, and the types of the ``anthropic`` package 2.8 made from it.
"""
