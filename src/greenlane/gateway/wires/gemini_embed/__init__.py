"""Gemini's embedContent and batchEmbedContents, under ``/v1beta/models/{model}``.

Facts: https://ai.google.dev/api/embeddings; the ``google-genai`` package 3.3 sends batches.
"""
