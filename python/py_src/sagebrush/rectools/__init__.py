"""Sagebrush's models for RecTools 0.19: ``fit``, ``recommend``, ``recommend_to_items``, and ``cross_validate``."""

from ._model import SagebrushModel

__all__ = ["SagebrushModel"]
