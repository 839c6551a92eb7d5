"""Requests about trainings, and what is told about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.trainings.jobs.job import Job


@dataclass(frozen=True)
class TrainingRequest:
    """What a caller wants to train, besides the pictures. An empty ``preset`` means the default one, an empty
    ``request_id`` means none. ``picture_count`` says how many pictures follow, None that the caller does not tell."""

    title: str
    preset: str
    options: Mapping[str, str]
    request_id: str
    picture_count: int | None = None


@dataclass(frozen=True)
class TrainingPreview:
    """The whole first source picture as a PNG, after training on ``images_seen`` images."""

    images_seen: int
    png: bytes


@dataclass(frozen=True)
class JobView:
    """A job as callers see it, with its place in the queue and whether its filter is served."""

    job: Job
    queue_position: int
    filter_ready: bool


@dataclass(frozen=True)
class JobNews:
    """The job as it is now, and a preview or the original where there is a new one."""

    view: JobView
    preview: TrainingPreview | None = None
    original: TrainingPreview | None = None
