"""Other people's solvers behind our interface: Python libraries and programs.

A library has a module of its own here, a program an entry in a TOML file. They are offered like
any other package's solvers, by entry points; nothing is imported before it is used.
"""
