"""Harnesses of the hub's tests."""
