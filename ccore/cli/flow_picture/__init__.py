"""Pictures of flows: what a caller can meet, as one self-contained SVG.

`cards` makes nodes and exits of a flow, `layout` places them in columns, `svg` draws them.
"""

from ccore.cli.flow_picture.svg import draw

__all__ = ["draw"]
