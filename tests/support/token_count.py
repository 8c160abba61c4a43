"""A second, slow count of tokens, independent of the product's."""


def count_tokens(text: str) -> int:
    """Count the tokens in `text`, one character at a time."""
    tokens = run = 0
    for character in text:
        if character.isalnum() or character == "_":
            tokens += run % 12 == 0
            run += 1
        else:
            tokens += not character.isspace()
            run = 0
    return tokens
