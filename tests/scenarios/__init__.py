"""Scenario files: language, mistakes, rules, and the shipped ones."""
