"""How data is named."""

__all__ = ["FORMS"]

FORMS = (
    "digits",
    "mnist5k",
    "idx:DIR",
    "cifar:DIR",
    "hf:NAME",
    "a folder of pictures by class",
    "a .npz file",
)
"""All ways, for messages and the reference."""
