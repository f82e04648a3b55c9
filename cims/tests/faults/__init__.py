"""What is left when something breaks in the middle of a long work, and whether the next run finishes it.

`works` are broken, `faults` break them, on a `stage` of its own: a MariaDB in a small volume (`volume`), two Redis, a site
folder and the processes that `driver` forks. `test_faults` goes through all pairs.
"""
