"""Visualization techniques: a network and arrays in, arrays and details out. No files, no callbacks."""
