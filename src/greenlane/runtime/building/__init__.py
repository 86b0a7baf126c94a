"""From a source tree to what can be run: recognise it, plan the build, carry it out in a sandbox, keep its proof.

``source`` reads a tree without running anything and says what it is; ``plan`` fixes how it is built; ``pipeline``
carries that out in a room of the ``workshop``. Invariants: recognising runs no code of the tree; a build reaches the
package registries and nothing else; what one build leaves behind is never read by another, except what was installed
before any code of either ran.
"""
