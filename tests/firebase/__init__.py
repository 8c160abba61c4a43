"""The emulated Firebase: sign-in, users and tokens."""
