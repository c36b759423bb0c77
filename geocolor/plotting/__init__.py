"""Every picture."""

from geocolor.plotting.sharing_map import draw_sharing_map

__all__ = ["draw_sharing_map"]
