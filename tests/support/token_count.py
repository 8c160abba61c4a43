"""A second, slow count of tokens, so that the product's own is not its judge."""


def counted(text: str) -> int:
    """The tokens in `text`, counted one character at a time."""
    tokens = run = 0
    for character in text:
        if character.isalnum() or character == "_":
            tokens += run % 12 == 0
            run += 1
        else:
            tokens += not character.isspace()
            run = 0
    return tokens
