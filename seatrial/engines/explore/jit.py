"""
Compilation of the hot loop: cached on disk, without the interpreter lock.

Arrays come from Python and outlive the call, so nothing counts references to them (`_nrt=False`):
counting took three quarters of the time. What is compiled so cannot make arrays of its own.
"""

from numba import njit
from numba.core import event

from .clock import start_compiling, stop_compiling

__all__ = ["inline", "jit", "making_arrays"]


class _Listener(event.Listener):
    """Stops the clock; numba compiles one function at a time, whichever thread asks."""

    def on_start(self, event: event.Event) -> None:
        start_compiling()

    def on_end(self, event: event.Event) -> None:
        stop_compiling()


event.register("numba:compile", _Listener())  # type: ignore[no-untyped-call]

# numba's annotations do not know `_nrt`.
jit = njit(cache=True, nogil=True, boundscheck=False, error_model="numpy", _nrt=False)  # type: ignore[call-overload]
"""Compile a function of the kernel: lock released, no bounds checks, kept between processes."""

inline = njit(  # type: ignore[call-overload]
    cache=True, nogil=True, boundscheck=False, error_model="numpy", _nrt=False, forceinline=True
)
"""Likewise for small functions: passing arrays costs more than what they do."""

making_arrays = njit(cache=True, nogil=True, boundscheck=False, error_model="numpy")
"""Likewise for functions that make arrays of their own, and so count references."""
