"""`habeas new`: a first spec, from the vendor's document or from answers at the terminal."""
