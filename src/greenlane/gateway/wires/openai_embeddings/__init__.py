"""OpenAI's embeddings: ``POST /v1/embeddings``.

Facts: https://platform.openai.com/docs/api-reference/embeddings, and the types of the ``openai`` package 3.51.
"""
