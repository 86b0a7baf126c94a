"""One file that holds everything: a consistent copy of the database, the files of a folder, and a digest for each.

The file is a plain tar. Its last member, ``manifest.json``, names every other one with its size and SHA-256, so a file
that was cut short has no manifest and is refused. The server may go on writing meanwhile: the database is copied as it
was at one moment, and ``Plan`` says which files must not be newer than that moment and which belong to it.

A database is restored as it was: SQLite as its file, PostgreSQL table by table (COPY, no program of its own is needed).
"""
