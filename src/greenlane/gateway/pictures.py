"""The most tokens that a picture can be counted as, by the formula of the provider that looks at it.

Sources, read in November 2026:

- Anthropic, "Images and vision" (platform.claude.com/docs/en/build-with-claude/vision): one token for each started
  block of 28 x 28 pixels; what is larger than the native resolution is made smaller first, to at most 1,568 tokens, and
  4,784 for the models of high resolution.
- OpenAI, "Images and vision" (developers.openai.com/api/docs/guides/images-vision): started patches of 32 x 32 pixels
  times a factor of at most 2.46; or, for older models, a base and tiles of 512 pixels after fitting into 2,048 x 2,048
  and a shorter side of 768, which are at most 8. ``gpt-4o-mini`` has the largest base and tile. ``low`` looks at 512 x 512,
  ``high`` at no more than 2,500 patches; what is not told, or ``original``, has had different limits in each family.
- Google, "Media resolution" and "Understand and count tokens" (ai.google.dev/gemini-api/docs): at most 2,240 tokens at the
  highest resolution; models before Gemini 3 count 258 tokens for each tile of 256 to 768 pixels.
"""

from __future__ import annotations

from greenlane.gateway.wires.asked import Media

FRAME = 100
"""Tokens around a picture: markers, and the rounding of pixels. Measured at up to 77 with a short question."""

ANTHROPIC_PATCH, ANTHROPIC_MOST = 28, 4_784
OPENAI_PATCH, OPENAI_LOW, OPENAI_HIGH = 32, 16 * 16, 2_500
OPENAI_PERCENT = 246
"""Hundredths of a token for one patch, of the model with the largest factor."""
OPENAI_TILED = 85 + 8 * 170
SMALL_AND_DEAR, SMALL_LOW, SMALL_TILED = "gpt-4o-mini", 2_833, 2_833 + 8 * 5_667
GEMINI_MOST, GEMINI_TILE = 2_240, 258
TILED_GEMINI = ("gemini-1", "gemini-2")


def tokens(picture: Media, wire: str, model: str) -> int | None:
    """The most tokens of a picture for a model behind a wire; None where neither pixels nor a limit are known."""
    most = _tokens(picture, wire.partition("-")[0], model.rpartition("/")[2])
    return None if most is None else most + FRAME


def _tokens(picture: Media, family: str, model: str) -> int | None:
    size = (picture.width, picture.height) if picture.width and picture.height else None
    if family == "anthropic":
        return min(ANTHROPIC_MOST, _blocks(size, ANTHROPIC_PATCH)) if size else ANTHROPIC_MOST
    if family == "gemini":
        if not model.startswith(TILED_GEMINI):
            return GEMINI_MOST
        return max(GEMINI_MOST, _gemini_tiles(size) * GEMINI_TILE) if size else None
    if model.startswith(SMALL_AND_DEAR):
        return SMALL_LOW if picture.detail == "low" else SMALL_TILED
    patches = {"low": OPENAI_LOW, "high": OPENAI_HIGH}.get(picture.detail)
    if patches is None:
        patches = _blocks(size, OPENAI_PATCH) if size else None
    return None if patches is None else max(OPENAI_TILED, -(-patches * OPENAI_PERCENT // 100))


def _blocks(size: tuple[int, int], side: int) -> int:
    return -(-size[0] // side) * -(-size[1] // side)


def _gemini_tiles(size: tuple[int, int]) -> int:
    side = min(768, max(256, min(size) * 2 // 3))
    return _blocks(size, side)
