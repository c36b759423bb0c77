"""Benchmarks of compression: models, presets, budgets and calibration seeds.

The one part of :mod:`geocolor.bench` that knows torch. Modules here import it only where a model
is touched, which happens in guarded processes alone.
"""
