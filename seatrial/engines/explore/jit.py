"""Compilation of the hot loop: cached on disk, without the interpreter lock."""

from numba import njit

__all__ = ["inline", "jit"]

jit = njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
"""Compile a function of the kernel: lock released, no bounds checks, kept between processes."""

inline = njit(cache=True, nogil=True, boundscheck=False, error_model="numpy", inline="always")
"""Likewise for small functions: passing arrays costs more than what they do."""
