"""All works that the faults are tried on."""

from cims.tests.faults.works import receivables, rerating

WORKS = (receivables.WORK, rerating.WORK)
