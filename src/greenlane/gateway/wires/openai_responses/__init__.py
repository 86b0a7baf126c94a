"""OpenAI's responses: ``POST /v1/responses``, as far as it goes without state that the provider keeps.

Facts: https://platform.openai.com/docs/api-reference/responses, and the types of the ``openai`` package 3.51 made from it.
"""
