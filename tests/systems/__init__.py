"""Systems with state counts that others have published, or that a formula gives.

One module a system. Its header says what it is, which specification and which of its models it was
written after, what is left out, and which figures stand where. The code was written from what the
specifications mean.
"""
