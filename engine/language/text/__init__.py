"""A spec as text: YAML with positions, and mistakes shown with their line, a caret and a remedy."""
