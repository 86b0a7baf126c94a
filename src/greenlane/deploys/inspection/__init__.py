"""What a bundle's files say about themselves, as facts for the door: pure functions over paths and bytes.

``inspect_file`` looks at one file and can be cached by the file's digest and name; ``combine`` adds the files up.
Invariants: no value of a credential or of a person ever leaves this folder, and nothing here asks the network.
"""

from greenlane.deploys.inspection.combining import Cache, Inspection, Reader, Told, combine, inspect
from greenlane.deploys.inspection.file import FileFacts, cache_key, inspect_file
from greenlane.deploys.inspection.finding import Finding

__all__ = [
    "Cache", "FileFacts", "Finding", "Inspection", "Reader", "Told", "cache_key", "combine", "inspect", "inspect_file",
]  # fmt: skip
