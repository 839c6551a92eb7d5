"""Texts about a training, in the artist's language."""

from __future__ import annotations

from ..client.errors import N_
from ..client.messages import TrainingJob, TrainingState
from .texts import _, decimal, ngettext
from .translation_jobs import duration

ENDED = (TrainingState.FINISHED, TrainingState.CANCELLED, TrainingState.FAILED)
_AT_WORK = {TrainingState.RUNNING: 0, TrainingState.ENDING: 0, TrainingState.QUEUED: 1}

# Pairs of a sentence and a remedy.
NOT_LISTED = (
    N_("The filter was made, but the server does not list it."),
    N_("Look at the list of filters in a moment, and at the server's log."),
)
MISSED = (
    N_("The server does not have the training that was shown here."),
    N_("It may have been deleted, or be on another server."),
)


def ended(job: TrainingJob) -> bool:
    return job.state in ENDED


def turn(job: TrainingJob) -> tuple[int, float]:
    """Returns a sorting key: running trainings first, then waiting ones, then the newest."""
    return _AT_WORK.get(job.state, 2), -job.create_time


def title(job: TrainingJob) -> str:
    return job.title or job.id


def fraction(job: TrainingJob) -> float | None:
    """Returns how much of the training is done, 0 to 1; None while unknown."""
    if job.state == TrainingState.FINISHED:
        return 1.0
    return min(job.images_seen / job.images_total, 1.0) if job.images_total else None


def state_line(job: TrainingJob) -> str:
    """Says what the training is doing now, or how it ended."""
    if job.state == TrainingState.QUEUED:
        return _queued(job)
    if job.state == TrainingState.RUNNING:
        return _running(job)
    if job.state == TrainingState.FAILED:
        return job.problem or _("It failed.")
    if job.state == TrainingState.CANCELLED:
        return _("Cancelled; what it had learned was kept.") if job.can_export else _("Cancelled.")
    return {
        TrainingState.ENDING: _("Saving what it has learned…"),
        TrainingState.FINISHED: _("Finished: its filter is in the list of filters."),
    }.get(job.state, "")


def list_line(job: TrainingJob) -> str:
    """Returns a training's line in a list: its title and state."""
    return _("{title}: {state}").format(title=title(job), state=_short(job))


def elapsed_line(job: TrainingJob, seconds: float) -> str:
    words = _("{time} in all") if ended(job) else _("{time} so far")
    return words.format(time=clock(seconds))


def left_line(job: TrainingJob, seconds: float | None) -> str:
    """Says about how long the training will still take; empty unless it is running."""
    if job.state != TrainingState.RUNNING:
        return ""
    if seconds is None:
        return _("time left not known yet")
    return _("about {time} left").format(time=_rough(seconds))


def losses_line(job: TrainingJob) -> str:
    """Returns the present losses, for people who know what they mean; empty without any."""
    told = (f"{name}\u00a0{decimal(value, 2)}" for name, value in sorted(job.losses.items()))
    return _("Losses: {losses}").format(losses="  ".join(told)) if job.losses else ""


def seen_line(job: TrainingJob) -> str:
    if not job.images_total:
        return ""
    return _("{seen} of {all} pieces seen").format(seen=job.images_seen, all=job.images_total)


def pictures_line(job: TrainingJob) -> str:
    """Says which pictures the training learns from; empty when these are not known."""
    sources, targets = (", ".join(names) for names in (job.source_names, job.target_names))
    return _("From “{source}” to “{target}”").format(source=sources, target=targets) if sources and targets else ""


def time_line(job: TrainingJob, elapsed: float, seconds_left: float | None) -> str:
    """Says how long it has run and will still run (in seconds), and how much it has seen; empty before it begins."""
    if not job.elapsed_seconds and job.state != TrainingState.RUNNING:
        return ""
    parts = (elapsed_line(job, elapsed), left_line(job, seconds_left), seen_line(job))
    return ", ".join(part for part in parts if part)


def preview_line(job: TrainingJob | None) -> str:
    """Returns what is shown in place of a preview while there is none."""
    if job is not None and ended(job):
        return _("There is no preview yet.")
    return _("The first preview comes soon after the training has begun.")


def doing_line(doing: str) -> str:
    """Says which request is running, given ``Trainings.doing``; empty for one that needs no words."""
    return {
        "use": _("The filter is being made, which may take a minute…"),
        "stop": _("Stopping…"),
        "cancel": _("Cancelling…"),
        "resume": _("Resuming…"),
        "delete": _("Deleting…"),
    }.get(doing, "")


def clock(seconds: float) -> str:
    """Returns a duration such as 0:07 or 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _rough(seconds: float) -> str:
    """Returns a duration as text, rounded because the estimate is rough."""
    if seconds < 60:
        return duration(max(10.0, round(seconds, -1)))
    if seconds < 2 * 3600:
        return _("{minutes:.0f} min").format(minutes=seconds / 60)
    return _("{hours} h").format(hours=decimal(seconds / 3600, 1))


def _queued(job: TrainingJob) -> str:
    if not job.queue_position:
        return _("Waiting for its turn")
    many = ngettext("{number} training is ahead.", "{number} trainings are ahead.", job.queue_position)
    return many.format(number=job.queue_position)


def _running(job: TrainingJob) -> str:
    if not job.images_seen:
        return _("Getting ready…")
    if job.device.startswith("cpu"):
        return _("Training on the processor")
    if job.device.startswith("cuda"):
        return _("Training on the graphics card")
    return _("Training on {device}").format(device=job.device) if job.device else _("Training")


def _short(job: TrainingJob) -> str:
    if job.state == TrainingState.RUNNING:
        share = fraction(job)
        return _("training") if share is None else _("{share:.0f} %").format(share=100 * share)
    return {
        TrainingState.QUEUED: _("waiting"),
        TrainingState.ENDING: _("ending"),
        TrainingState.FINISHED: _("finished"),
        TrainingState.CANCELLED: _("cancelled"),
        TrainingState.FAILED: _("failed"),
    }.get(job.state, "")
