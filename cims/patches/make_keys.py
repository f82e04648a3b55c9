"""Sites from before the first protected field: a key of their own."""

from cims.protection import keys


def execute():
	keys.ensure()
