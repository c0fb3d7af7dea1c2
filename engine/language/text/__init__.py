"""A spec's text: YAML with positions, and every mistake in it told with its place and its remedy."""
