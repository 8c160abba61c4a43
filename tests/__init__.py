"""The tests, in directories by feature; CONTRIBUTING.md says where a new one goes."""
