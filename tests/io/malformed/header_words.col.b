14
p col a b c d
