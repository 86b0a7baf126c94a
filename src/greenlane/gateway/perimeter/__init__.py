"""The perimeter: what may leave for a provider, what goes on behind a mask, what a person is asked for, what stays here.

``perimeter.Perimeter`` looks at a request before it is routed and returns the bytes that go on; ``screen.Screen`` does
the same for a stream of answers. Every string of a request is looked at but those that are known to hold no words
(``places``): what a wire adds tomorrow is looked at today.

Invariants: what was looked at is what goes on; bytes that need no mask are not changed; no value of a secret is kept
here, only keyed marks (``marks``); the time grows with the length of the text alone, whatever is written in it.
"""
