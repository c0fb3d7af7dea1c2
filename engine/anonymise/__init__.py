"""From a real run to a recorded case that holds nothing of a person: capture, replace, prove, replay, write."""
