"""The symbolic engine: proofs and counterexamples for all sizes, from the same functions."""
