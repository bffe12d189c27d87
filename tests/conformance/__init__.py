"""
The model held against the real controllers: one sync at a time, on the same state.

`cases` says what is compared, `outcomes` what the model makes of it, `clusters` and `objects` write
it as API objects, `results` reads the real answer back, `law` compares. docs/conformance.md has the
commands.
"""
