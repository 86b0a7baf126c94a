"""What a call used, in tokens, as every wire's own count is understood here."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call or of several; each token is counted in one field alone, reasoning apart.

    ``input`` is what was read at the plain rate: without what came from a cache or went into one, and without media that
    have a field of their own. ``cache_write`` lives for minutes, ``cache_write_hour`` for an hour or longer.
    ``cache_read_audio`` is sound that came from a cache, and not within ``cache_read``.
    ``output`` includes ``reasoning`` and excludes sound, pictures and film. ``searches`` (of the web) and ``file_searches``
    (of files at the provider) are counted, not measured in tokens.
    ``estimated`` says that the provider did not tell, and that these are upper bounds of ours.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_hour: int = 0
    output: int = 0
    reasoning: int = 0
    input_audio: int = 0
    output_audio: int = 0
    input_image: int = 0
    searches: int = 0
    cache_read_audio: int = 0
    input_video: int = 0
    output_image: int = 0
    output_video: int = 0
    file_searches: int = 0
    estimated: bool = False

    def plus(self, other: Self) -> Self:
        """Both together; estimated if either is."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in _COUNTS}
        return type(self)(**sums, estimated=self.estimated or other.estimated)

    def document(self) -> dict[str, int | bool]:
        """The counts that are not zero, and ``estimated`` where it holds: what a receipt keeps."""
        counts: dict[str, int | bool] = {name: count for name in _COUNTS if (count := getattr(self, name))}
        return {**counts, "estimated": True} if self.estimated else counts

    @property
    def read(self) -> int:
        """Every token that the model read, whatever its rate."""
        return (
            self.input
            + self.cache_read
            + self.cache_read_audio
            + self.cache_write
            + self.cache_write_hour
            + self.input_audio
            + self.input_image
            + self.input_video
        )

    @property
    def written(self) -> int:
        """Every token that the model wrote, its thoughts with it."""
        return self.output + self.output_audio + self.output_image + self.output_video


WRITTEN = ("output", "output_audio", "output_image", "output_video")
"""What a model may write, each with a price of its own: words, sound, pictures, film."""
_COUNTS = tuple(one.name for one in fields(Usage) if one.name != "estimated")
