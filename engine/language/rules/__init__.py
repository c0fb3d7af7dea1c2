"""Lint rules: what must hold between the words of a spec, after each is valid by itself.

lint.py      runs the rules; parents and cycles, buckets and other references, windows, files, hosts, look-ups
names.py     every <NAME> is known where it stands
sources.py   every <NAME> has one source, and that gives a value to whoever uses it
queries.py   values inside query languages and GraphQL
unused.py    what is written twice or has no effect
notes.py     notes: no mistakes, and worth a thought
"""
