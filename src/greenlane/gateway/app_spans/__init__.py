"""Spans of apps that trace what they do: taken in by OTLP, kept for a while, and handed on to the collector.

The gateway reads them (``protobuf``, ``reading``), keeps what is on a list of names (``allowed``) and lays them down; control
takes them in. With them a call's page shows the work that it belongs to, and models that were called around the platform
come to light.

Invariants: no text of a prompt, an answer or a person is kept or handed on; no call waits for a span; what is too much is
refused to whoever sent it.
"""
