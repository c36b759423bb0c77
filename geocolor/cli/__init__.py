"""The command line: one thin module a command, and nothing imported before it is needed."""
