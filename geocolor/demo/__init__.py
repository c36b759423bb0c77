"""The main job end to end, on a real model and real text: ``python -m geocolor.demo``."""
