"""A case: one person's request, as acts in a log; its runs, its deadline, its letters and what was decided about each value."""
