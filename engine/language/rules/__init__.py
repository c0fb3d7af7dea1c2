"""Lint rules: what must hold between the words of a spec, after each is valid by itself.

lint.py      runs the rules; parents and cycles, buckets and other references, windows, files, hosts, look-ups
names.py     every <NAME> is known where it stands, and has one source that gives it a value
page_places.py  what asks for the next page has a place, in a `post` one in its body
queries.py   values inside query languages and GraphQL
unused.py    what is written twice or has no effect; notes, which leave the exit code at 0
"""
