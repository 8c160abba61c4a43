"""The part of the Firebase Auth emulator for sign-in by email and password."""
