"""Mutation testing: small faults put into the code on purpose, which the tests must notice."""
