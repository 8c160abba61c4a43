"""Clients, servers and data that several tests share."""
