"""What may be wrong with a model file; each message says what to do next."""

from __future__ import annotations

from janus_platform.services import ServiceError


class ModelFileError(ServiceError):
    """Something about a model file did not work."""


class UnknownModelError(ModelFileError):
    """No model has that name."""


class ModelMissingError(ModelFileError):
    """The model is known and not here, or there is no such file."""


class NotAModelError(ModelFileError):
    """The file is no whole GGUF file."""


class PullError(ModelFileError):
    """A model could not be fetched, and nothing of it is used."""


class ModelInUseError(ModelFileError):
    """A running platform holds the file."""
