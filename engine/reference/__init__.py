"""The documentation that derives from the code, so that it cannot lie. The prose around it is written by hand."""
