"""Other people's words on a terminal: nothing in them moves the cursor or begins a line."""


def printable(text: str) -> str:
    """Return the text with every character that is no visible one escaped as in Python."""
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )
