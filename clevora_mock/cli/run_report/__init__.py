"""The run report: one HTML file, of the console's own parts, that needs neither a server nor the network."""
