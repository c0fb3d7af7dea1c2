"""What must hold between the words of a spec, after each of them is right by itself."""
