"""All that happened with a customer, newest first: one query over every kind of document, page by page.

`branches` says which documents there are and when they happened, `page` asks for the next few of them, `wording` puts them
into sentences.
"""
