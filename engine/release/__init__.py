"""Decide what of a person's records is given to them: policies, reasons, rulings. Pure: no file, no clock, no network."""
