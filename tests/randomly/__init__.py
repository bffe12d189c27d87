"""Random systems: drawn as data, made to run twice, compared. See `random_systems.py`."""
