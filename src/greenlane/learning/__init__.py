"""Learning from what was decided: today, trying a policy pack on a mix of changes before it is in force.

Nothing here changes anything: a simulation decides made-up changes with the same ``decide`` as the door.

Reads: policy packs. Writes: nothing.
"""
