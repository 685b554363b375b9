"""Recipes of the embedded domain toyfaces, in the order that CONTRIBUTING.md lists."""
