"""The tests, in folders by what a user sees; CONTRIBUTING.md says where a new one goes."""
