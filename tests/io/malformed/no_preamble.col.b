edges
