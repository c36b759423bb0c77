"""Colorings that a symmetry of the graph rotates."""

from geocolor.solvers.orbits.rotations import Rotation, rotations
from geocolor.solvers.orbits.search import OrbitSearch

__all__ = ["OrbitSearch", "Rotation", "rotations"]
