"""Shim for tools that still look for setup.py; pyproject.toml is the truth."""

from setuptools import setup

setup()
