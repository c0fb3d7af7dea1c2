"""Write the parts of the documentation that derive from the code; the prose around them is written by hand."""
