"""The wires: how the three providers' interfaces are read, changed, metered, refused on, and translated.

One folder a wire, with the same file names in each. ``reading.asked`` says what a request asks for, ``rewriting.rewritten``
changes the few things that the platform may change, ``metering.Meter`` reads the usage of an answer, ``refusing.refusal``
says no in the caller's own words, and ``translating`` carries requests, answers and streams from one wire to another.

Invariants: pure functions of bytes; a stream is read in linear time and bounded memory however it is cut; nothing here
opens a connection or knows a key.
"""
