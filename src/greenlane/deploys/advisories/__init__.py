"""Known flaws of packages: lists in the OSV format (ossf.github.io/osv-schema), read, kept and held against what apps
are made of.

Invariants: nothing is looked up outside; a list is somebody's word and is read as hostile; without a list, or with an old
one, the answer is "not checked", never "no known flaw".
"""

from greenlane.deploys.advisories.matching import Checked, Flaw, check

__all__ = ["Checked", "Flaw", "check"]
