p col 3 1
