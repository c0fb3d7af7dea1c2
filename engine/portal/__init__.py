"""The portal: the cases in a browser, on this machine alone, by plain forms and without a script."""
