"""Running a site: whether its backups restore, whether it is healthy, and its figures for monitoring."""
