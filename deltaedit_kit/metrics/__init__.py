"""Measures of edits and networks, one idea a file, plain functions on tensors."""
