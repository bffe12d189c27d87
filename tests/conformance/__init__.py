"""
The model held against the real controllers: one sync at a time, on states that are drawn.

`strategies` draws them, `fresh` asks the oracle about them, `law` says what has to agree,
`recorded` keeps cases for tests without Go. The cases themselves, and how they are asked, are in
`seatrial.oracle`. docs/conformance.md has the commands.
"""
