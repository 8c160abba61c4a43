"""The control plane: routes outside the emulated APIs, to inspect and change sandboxes."""
