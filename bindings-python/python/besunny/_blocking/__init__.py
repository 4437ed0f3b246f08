"""The blocking face: each call returns when it is done."""
