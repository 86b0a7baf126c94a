"""Model calls as OpenTelemetry sees them: every recorded call becomes a span, sent to a collector that was named.

``spans`` is the mapping, pinned to one version of the conventions; ``exporting`` sends what the journals brought. Spans
are a copy for other tools: the record of a call is its receipt, and no call waits for a collector.
"""
