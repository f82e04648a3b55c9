"""Where health figures begin to warn and to fail, each with its reason."""

from cims.operations.figures import DAY, HOUR, MINUTE, Limits

# The sweep every five minutes finds what an event's own job missed: three of them in vain are worth a look.
RATING_LAG = Limits(15 * MINUTE, 2 * HOUR)
# Short jobs follow what people do, who wait for them; rating everybody and large imports hold a worker of long ones for hours.
QUEUE_LAG = {
	"short": Limits(5 * MINUTE, 30 * MINUTE),
	"default": Limits(5 * MINUTE, 30 * MINUTE),
	"long": Limits(HOUR, 6 * HOUR),
}
# The scheduler has something to do every five minutes.
TICK = Limits(15 * MINUTE, HOUR)
# Everybody is rated every night, and a night's work may take some hours.
NIGHT = Limits(26 * HOUR, 50 * HOUR)
# Backups are made once a day at least; one may be late, two may not.
BACKUP = Limits(25 * HOUR, 49 * HOUR)
# Once a week and a day; a site that has switched the schedule off does it by hand once a month.
DRILL, DRILL_BY_HAND = Limits(8 * DAY, 15 * DAY), Limits(31 * DAY, 62 * DAY)
# One failed job deserves a look, ten in a day are no accident.
FAILED_JOBS = Limits(1, 10)
# Some errors a day are a user's browser or a mail server.
ERRORS = Limits(20, 200)
# An import tells how far it is every few seconds.
IMPORT_STUCK = Limits(15 * MINUTE, 2 * HOUR)
# A drill, a backup and a large import each need room; a database that runs full stops everything. In parts of the disk in use.
DISK = Limits(0.85, 0.95)
# Curves go into the months every five minutes, thousands at a time; seconds of an answer of the database to nothing.
CURVES_BEHIND = Limits(20_000, 1_000_000)
ANSWER = Limits(0.2, 2.0)
