"""The search catalog: its items, its files, and the generator of the shipped one."""
