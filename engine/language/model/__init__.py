"""The words of a spec as pydantic models: each word is a field with its type, default, meaning and examples.

spec.py       the top of the file, requests (look-up, discover, verify, endpoints), `access`
auth.py       `auth`, `oauth2`
refusals.py   `refusals` and `oauth2.refusals`
lists.py      `pagination`, `window`, `files`
limits.py     `rate_limits`
body.py       `body`
words.py      the types of single values: names, statuses, request lines; more in headers.py (addresses too) and units.py
shapes.py     how such a type reads its text and describes itself in the JSON Schema
placement.py  the list of all places, for diagnostics and for docs/language.md
"""
