"""Sentences of several authors, a shop's among them, as one text."""

ENDS = (".", "!", "?", "…")
CLOSED = tuple(f"{end}{mark}" for end in ENDS for mark in "'\")")


def visible(text: str) -> str:
    r"""With what nobody would see of it written out: `\x1f`."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def sentences(*parts: str) -> str:
    """One after the other, each with an end of its own; empty ones vanish."""
    texts = (part.strip() for part in parts)
    return " ".join(text if text.endswith((*ENDS, *CLOSED)) else f"{text}." for text in texts if text)
