"""Comparing solvers, and compressed models, so that the table can be believed.

Suites are resolved to trials (:mod:`geocolor.bench.trial`), each run in its own guarded process
(:mod:`geocolor.bench.guard`), spread over workers, written to an append-only journal, and read
back as :class:`geocolor.bench.results.Results` for measures, reports and comparisons.
"""
