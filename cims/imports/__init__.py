"""Files of customers and receivables brought onto the site: read, planned, shown, and only then written.

`importer` is what each kind of import implements (`cims.receivables.importing`, `cims.customers.importing`), `job` runs
one in the background for a CIMS Import document.
"""
