"""From a real run to a cassette that holds nothing of a person: capture, replace, prove, replay, write."""
