"""The command line: parse, call, print. Results go to stdout, everything for people to stderr."""
