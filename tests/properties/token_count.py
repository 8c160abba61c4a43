"""A naive count of tokens for random texts, independent of the product's: it goes by characters, without patterns."""


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
