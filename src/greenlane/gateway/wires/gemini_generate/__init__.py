"""Gemini's generateContent, streamGenerateContent and countTokens, under ``/v1beta/models/{model}``.

Facts: https://ai.google.dev/api/generate-content, and the types of the ``google-genai`` package 3.3. Its JSON is that of
protocol buffers: every name may be written in camel case or with underscores, and both are read here.
"""
