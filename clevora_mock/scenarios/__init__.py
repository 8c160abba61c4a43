"""The scenario language: parsing, validation and storage of scenario files."""
