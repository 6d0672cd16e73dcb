"""Every shape that crosses a boundary: read strictly, written the same way every time."""
