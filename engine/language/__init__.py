"""The spec language: reads a YAML spec and gives a `Vendor` that is ready to run, or every mistake in it. Pure: opens no file.

To find where a word is defined: `model/` has one class for each place in which words stand (engine/language/model/__init__.py
lists them), and the word is a field of it, with type, default, meaning and examples.

    load.py       bytes to a Vendor: parse, validate, merge the defaults, lint
    effective.py  Vendor and Endpoint: the spec after the top's defaults went into each request; what the rest of the engine sees
    model/        the words
    expressions/  what stands inside values: <NAME> templates, JMESPath, quoting, JSON with exact numbers
    rules/        lint: what must hold between words
    text/         YAML with positions, and how a mistake is shown
    recovery.py   finds further mistakes in a spec that does not validate
    schema.py     the JSON Schema for editors
"""
