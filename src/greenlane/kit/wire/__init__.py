"""A small, strict HTTP/1.1 server on asyncio: heads read by httptools, bodies counted, answers prepared beforehand.

``Listener`` serves connections, a ``Handler`` answers each ``Request`` with a ``Reply`` (a finished answer), a
``Prepared`` one (finished, and good for the very same head again) or a coroutine that uses its ``Exchange``.

Invariants: what is ambiguous is refused, never guessed; one connection's answers leave in the order of its requests;
no buffer grows beyond ``Limits``; a head that was answered from memory was answered by the handler first, and the
memory is emptied by whoever knows that the answer has changed.
"""
