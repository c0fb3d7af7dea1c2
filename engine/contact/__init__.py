"""Ask whoever owns a system by e-mail, as pure decisions: what follows from what happened, what a mail says. The acting is in `owners/`."""
