"""
What a cluster is asked to hold, read from manifests: values with the API server's defaults.

`reader` reads files; one module for each kind that is modelled (`deployment`) says what its fields
mean and what the API server would refuse.
"""

__all__: list[str] = []
