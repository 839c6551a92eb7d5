"""Messages about trainings to the server's types, and back."""

from __future__ import annotations

from pleinair.v1 import training_pb2 as pb

from server.errors import Reason, Refusal
from server.trainings.jobs.job import State
from server.trainings.jobs.pictures import EncodedFile, NamedPath, PictureHeader, RawLayer, Role
from server.trainings.terms import JobNews, JobView, TrainingPreview, TrainingRequest
from server.wire.translations import pixel_format_from

LONGEST_NAME = 200

_STATES = {
    State.QUEUED: pb.TRAINING_STATE_QUEUED,
    State.RUNNING: pb.TRAINING_STATE_RUNNING,
    State.ENDING: pb.TRAINING_STATE_ENDING,
    State.FINISHED: pb.TRAINING_STATE_FINISHED,
    State.CANCELLED: pb.TRAINING_STATE_CANCELLED,
    State.FAILED: pb.TRAINING_STATE_FAILED,
}

_ROLES = {pb.TrainingPicture.ROLE_SOURCE: Role.SOURCE, pb.TrainingPicture.ROLE_TARGET: Role.TARGET}


def request_from(header: pb.TrainingHeader) -> TrainingRequest:
    count = header.picture_count if header.HasField("picture_count") else None
    return TrainingRequest(header.title, header.preset, dict(header.options), header.request_id, count)


def picture_from(picture: pb.TrainingPicture) -> PictureHeader:
    """Reads a picture's header. Raises Refusal when it has no role or content."""
    if picture.role not in _ROLES:
        raise Refusal(
            Reason.BAD_HEADER,
            f"The picture's role is {picture.role or 'unspecified'}; expected ROLE_SOURCE or ROLE_TARGET.",
            field="picture.role",
        )
    return PictureHeader(_ROLES[picture.role], _name(picture), _content(picture))


def job_message(view: JobView) -> pb.TrainingJob:
    job = view.job
    return pb.TrainingJob(
        id=job.id,
        title=job.title,
        preset=job.preset,
        state=_STATES[job.state],
        queue_position=view.queue_position,
        create_time=job.create_time,
        end_time=job.end_time,
        elapsed_seconds=job.elapsed_seconds,
        seconds_left=job.seconds_left,
        images_seen=job.images_seen,
        images_total=job.images_total,
        losses=job.losses,
        device=job.device,
        filter_id=job.filter_id,
        filter_ready=view.filter_ready,
        can_export=job.can_export,
        problem=job.problem,
        warnings=job.warnings,
        restarts=job.restarts,
        source_names=job.source_names,
        target_names=job.target_names,
    )


def news_message(news: JobNews) -> pb.WatchTrainingResponse:
    return pb.WatchTrainingResponse(
        job=job_message(news.view),
        preview=_preview_message(news.preview),
        original=_preview_message(news.original),
    )


def _preview_message(preview: TrainingPreview | None) -> pb.TrainingPreview | None:
    return pb.TrainingPreview(images_seen=preview.images_seen, png=preview.png) if preview else None


def _name(picture: pb.TrainingPicture) -> str:
    """The picture's name in one line; without a name, the last part of its path."""
    given = picture.name or picture.path.rpartition("/")[2] or "picture"
    return "".join(letter if letter.isprintable() else " " for letter in given).strip()[:LONGEST_NAME] or "picture"


def _content(picture: pb.TrainingPicture) -> EncodedFile | RawLayer | NamedPath:
    match picture.WhichOneof("content"):
        case "file_bytes":
            return EncodedFile(picture.file_bytes)
        case "pixels":
            pixels = picture.pixels
            pixel_format = pixel_format_from(pixels.pixel_format, "picture.pixels.pixel_format")
            return RawLayer(pixels.width, pixels.height, pixel_format)
        case "path":
            return NamedPath(picture.path)
    raise Refusal(
        Reason.BAD_HEADER,
        f"'{_name(picture)}' has no content; give file_bytes, pixels or a path.",
        field="picture.content",
    )
