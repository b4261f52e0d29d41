"""The nouns of the program and the shape of every file and column. Imports nothing of ours."""
