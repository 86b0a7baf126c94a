"""OpenAI's chat completions: ``POST /v1/chat/completions``.

Facts: https://platform.openai.com/docs/api-reference/chat, and the types of the ``openai`` package 3.51 made from it.
"""
