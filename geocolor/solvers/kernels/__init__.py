"""Compiled inner loops. Each works in chunks, so that a deadline or Ctrl-C is never far."""
