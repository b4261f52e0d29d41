"""The practice app: a lending app that breaks the rules in known ways, its device, its servers and the demonstration run."""
