"""Jobs of imports: on the long queue, after the commit of whoever asks for them; in tests at once."""

from collections.abc import Callable

import frappe

HOURS = 6 * 3600


def later(
	work: Callable | str, job_id: str | None = None, timeout: int = HOURS, now: bool = False, **arguments
) -> None:
	frappe.enqueue(
		work,
		queue="long",
		timeout=timeout,
		job_id=job_id,
		enqueue_after_commit=True,
		now=now or frappe.flags.in_test,
		**arguments,
	)
