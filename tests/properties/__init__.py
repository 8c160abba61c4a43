"""Properties that must hold whatever happens, checked on inputs that nobody thought of."""
