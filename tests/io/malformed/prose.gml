This is prose.
