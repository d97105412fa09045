"""Text from outside, made safe to keep and to show to a person or a terminal: as it is to a model."""

from providers.voters.outside import clean

__all__ = ["clean"]
