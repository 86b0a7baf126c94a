"""What a call weighs: energy, carbon and water as ranges, with the assumptions that they rest on.

``compiling`` asks the published method of ``ecologits`` once for each model and keeps two straight lines a figure;
``table`` answers from them. Nobody outside a provider knows these figures, so a single number would be a lie.

Invariants: a range and its assumptions are never parted; a model that the method does not know has no footprint.
"""
