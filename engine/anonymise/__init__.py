"""Make a cassette of a real run without anything of the person in it: replace, prove, replay, write."""
