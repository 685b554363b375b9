"""Recipes of the embedded domain toyfaces, in the order of README.md beside this file."""
