"""The public API of Android by level, as package registries publish it, and the check of the hook catalog against it."""
