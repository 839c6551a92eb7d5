"""The messages of the wire. Written by `make protos` from the .proto files: change those instead."""

from __future__ import annotations

from .codec import Field, Message


class Precision:
    UNSPECIFIED = 0
    FLOAT32 = 1
    FLOAT16 = 2


class Filter(Message):
    __slots__ = ("id", "title", "description", "source_domain", "target_domain", "method", "spatial_multiple", "precision", "licence", "training", "thumbnail", "sha256", "file_bytes",)

    def __init__(
        self,
        *,
        id: str = "",
        title: str = "",
        description: str = "",
        source_domain: str = "",
        target_domain: str = "",
        method: str = "",
        spatial_multiple: int = 0,
        precision: int = 0,
        licence: str = "",
        training: Training | None = None,
        thumbnail: bytes = b"",
        sha256: str = "",
        file_bytes: int = 0,
    ) -> None:
        self.id = id
        self.title = title
        self.description = description
        self.source_domain = source_domain
        self.target_domain = target_domain
        self.method = method
        self.spatial_multiple = spatial_multiple
        self.precision = precision
        self.licence = licence
        self.training = training
        self.thumbnail = thumbnail
        self.sha256 = sha256
        self.file_bytes = file_bytes

    FIELDS = (
        Field(1, "id", kind="string"),
        Field(2, "title", kind="string"),
        Field(3, "description", kind="string"),
        Field(4, "source_domain", kind="string"),
        Field(5, "target_domain", kind="string"),
        Field(6, "method", kind="string"),
        Field(7, "spatial_multiple", kind="uint32"),
        Field(8, "precision", kind="enum"),
        Field(9, "licence", kind="string"),
        Field(10, "training", message=lambda: Training),
        Field(11, "thumbnail", kind="bytes"),
        Field(12, "sha256", kind="string"),
        Field(13, "file_bytes", kind="uint64"),
    )


class Training(Message):
    __slots__ = ("images_seen", "data_fingerprint", "package_version", "commit",)

    def __init__(
        self,
        *,
        images_seen: int = 0,
        data_fingerprint: str = "",
        package_version: str = "",
        commit: str = "",
    ) -> None:
        self.images_seen = images_seen
        self.data_fingerprint = data_fingerprint
        self.package_version = package_version
        self.commit = commit

    FIELDS = (
        Field(1, "images_seen", kind="uint64"),
        Field(2, "data_fingerprint", kind="string"),
        Field(3, "package_version", kind="string"),
        Field(4, "commit", kind="string"),
    )


class RejectedFile(Message):
    __slots__ = ("file_name", "reason",)

    def __init__(
        self,
        *,
        file_name: str = "",
        reason: str = "",
    ) -> None:
        self.file_name = file_name
        self.reason = reason

    FIELDS = (
        Field(1, "file_name", kind="string"),
        Field(2, "reason", kind="string"),
    )


class ListFiltersRequest(Message):
    __slots__ = ("page_size", "page_token",)

    def __init__(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
    ) -> None:
        self.page_size = page_size
        self.page_token = page_token

    FIELDS = (
        Field(1, "page_size", kind="uint32"),
        Field(2, "page_token", kind="string"),
    )


class ListFiltersResponse(Message):
    __slots__ = ("filters", "next_page_token", "rejected_files",)

    def __init__(
        self,
        *,
        filters: list[Filter] | None = None,
        next_page_token: str = "",
        rejected_files: list[RejectedFile] | None = None,
    ) -> None:
        self.filters = [] if filters is None else filters
        self.next_page_token = next_page_token
        self.rejected_files = [] if rejected_files is None else rejected_files

    FIELDS = (
        Field(1, "filters", message=lambda: Filter, repeated=True),
        Field(2, "next_page_token", kind="string"),
        Field(3, "rejected_files", message=lambda: RejectedFile, repeated=True),
    )


class GetFilterRequest(Message):
    __slots__ = ("id",)

    def __init__(
        self,
        *,
        id: str = "",
    ) -> None:
        self.id = id

    FIELDS = (
        Field(1, "id", kind="string"),
    )


class GetFilterResponse(Message):
    __slots__ = ("filter",)

    def __init__(
        self,
        *,
        filter: Filter | None = None,
    ) -> None:
        self.filter = filter

    FIELDS = (
        Field(1, "filter", message=lambda: Filter),
    )


class WatchFiltersRequest(Message):
    __slots__ = ()

    def __init__(self) -> None:
        pass

    FIELDS = (
    )


class WatchFiltersResponse(Message):
    __slots__ = ("event", "filter", "rejected_file",)

    class Event:
        UNSPECIFIED = 0
        ADDED = 1
        CHANGED = 2
        REMOVED = 3
        SYNCED = 4
        REJECTED = 5
        CLEARED = 6

    def __init__(
        self,
        *,
        event: int = 0,
        filter: Filter | None = None,
        rejected_file: RejectedFile | None = None,
    ) -> None:
        self.event = event
        self.filter = filter
        self.rejected_file = rejected_file

    FIELDS = (
        Field(1, "event", kind="enum"),
        Field(2, "filter", message=lambda: Filter),
        Field(3, "rejected_file", message=lambda: RejectedFile),
    )


class Channels:
    UNSPECIFIED = 0
    GREY = 1
    GREY_ALPHA = 2
    RGB = 3
    RGBA = 4


class SampleType:
    UNSPECIFIED = 0
    UINT8 = 1
    UINT16 = 2
    FLOAT32 = 3
    FLOAT16 = 4


class TransferFunction:
    UNSPECIFIED = 0
    SRGB = 1
    LINEAR = 2


class ChannelOrder:
    UNSPECIFIED = 0
    RGB = 1
    BGR = 2


class Reason:
    UNSPECIFIED = 0
    FILTER_NOT_FOUND = 1
    BAD_HEADER = 2
    TOO_FEW_PIXELS = 3
    TOO_MANY_PIXELS = 4
    PICTURE_TOO_LARGE = 5
    PICTURE_UNREADABLE = 6
    QUEUE_FULL = 7
    DEADLINE_EXCEEDED = 8
    OUT_OF_MEMORY = 9
    SHUTTING_DOWN = 10
    FILTER_FAILED = 11
    BAD_PAGE_TOKEN = 12
    INTERNAL = 13
    UNAUTHENTICATED = 14
    TRAINING_NOT_FOUND = 15
    TRAINING_UNAVAILABLE = 16
    WRONG_STATE = 17
    NO_WEIGHTS_YET = 18
    BAD_OPTION = 19
    PATH_NOT_ALLOWED = 20
    DISK_FULL = 21
    STALLED = 23
    SERVICE_NOT_FOUND = 24
    BAD_MESSAGE = 25


class TranslateRequest(Message):
    __slots__ = ("header", "pixels",)

    def __init__(
        self,
        *,
        header: TranslateHeader | None = None,
        pixels: bytes | None = None,
    ) -> None:
        self.header = header
        self.pixels = pixels

    FIELDS = (
        Field(1, "header", message=lambda: TranslateHeader, optional=True, oneof="frame"),
        Field(2, "pixels", kind="bytes", optional=True, oneof="frame"),
    )


class TranslateHeader(Message):
    __slots__ = ("filter_id", "width", "height", "pixel_format", "preview_side",)

    def __init__(
        self,
        *,
        filter_id: str = "",
        width: int = 0,
        height: int = 0,
        pixel_format: PixelFormat | None = None,
        preview_side: int = 0,
    ) -> None:
        self.filter_id = filter_id
        self.width = width
        self.height = height
        self.pixel_format = pixel_format
        self.preview_side = preview_side

    FIELDS = (
        Field(1, "filter_id", kind="string"),
        Field(2, "width", kind="uint32"),
        Field(3, "height", kind="uint32"),
        Field(4, "pixel_format", message=lambda: PixelFormat),
        Field(5, "preview_side", kind="uint32"),
    )


class PixelFormat(Message):
    __slots__ = ("channels", "sample_type", "transfer_function", "channel_order",)

    def __init__(
        self,
        *,
        channels: int = 0,
        sample_type: int = 0,
        transfer_function: int = 0,
        channel_order: int = 0,
    ) -> None:
        self.channels = channels
        self.sample_type = sample_type
        self.transfer_function = transfer_function
        self.channel_order = channel_order

    FIELDS = (
        Field(1, "channels", kind="enum"),
        Field(2, "sample_type", kind="enum"),
        Field(3, "transfer_function", kind="enum"),
        Field(4, "channel_order", kind="enum"),
    )


class TranslateResponse(Message):
    __slots__ = ("progress", "pixels", "summary", "preview",)

    def __init__(
        self,
        *,
        progress: Progress | None = None,
        pixels: bytes | None = None,
        summary: Summary | None = None,
        preview: Preview | None = None,
    ) -> None:
        self.progress = progress
        self.pixels = pixels
        self.summary = summary
        self.preview = preview

    FIELDS = (
        Field(1, "progress", message=lambda: Progress, optional=True, oneof="frame"),
        Field(2, "pixels", kind="bytes", optional=True, oneof="frame"),
        Field(3, "summary", message=lambda: Summary, optional=True, oneof="frame"),
        Field(4, "preview", message=lambda: Preview, optional=True, oneof="frame"),
    )


class Progress(Message):
    __slots__ = ("stage", "queue_position", "fraction", "seconds_left",)

    class Stage:
        UNSPECIFIED = 0
        QUEUED = 1
        TRANSLATING = 2

    def __init__(
        self,
        *,
        stage: int = 0,
        queue_position: int = 0,
        fraction: float | None = None,
        seconds_left: float | None = None,
    ) -> None:
        self.stage = stage
        self.queue_position = queue_position
        self.fraction = fraction
        self.seconds_left = seconds_left

    FIELDS = (
        Field(1, "stage", kind="enum"),
        Field(2, "queue_position", kind="uint32"),
        Field(3, "fraction", kind="double", optional=True),
        Field(4, "seconds_left", kind="double", optional=True),
    )


class Preview(Message):
    __slots__ = ("png", "width", "height",)

    def __init__(
        self,
        *,
        png: bytes = b"",
        width: int = 0,
        height: int = 0,
    ) -> None:
        self.png = png
        self.width = width
        self.height = height

    FIELDS = (
        Field(1, "png", kind="bytes"),
        Field(2, "width", kind="uint32"),
        Field(3, "height", kind="uint32"),
    )


class Summary(Message):
    __slots__ = ("filter_id", "filter_sha256", "execution_provider", "precision", "queue_seconds", "compute_seconds", "pieces", "peak_memory_bytes", "batch_size",)

    def __init__(
        self,
        *,
        filter_id: str = "",
        filter_sha256: str = "",
        execution_provider: str = "",
        precision: int = 0,
        queue_seconds: float = 0.0,
        compute_seconds: float = 0.0,
        pieces: int = 0,
        peak_memory_bytes: int = 0,
        batch_size: int = 0,
    ) -> None:
        self.filter_id = filter_id
        self.filter_sha256 = filter_sha256
        self.execution_provider = execution_provider
        self.precision = precision
        self.queue_seconds = queue_seconds
        self.compute_seconds = compute_seconds
        self.pieces = pieces
        self.peak_memory_bytes = peak_memory_bytes
        self.batch_size = batch_size

    FIELDS = (
        Field(1, "filter_id", kind="string"),
        Field(2, "filter_sha256", kind="string"),
        Field(3, "execution_provider", kind="string"),
        Field(4, "precision", kind="enum"),
        Field(5, "queue_seconds", kind="double"),
        Field(6, "compute_seconds", kind="double"),
        Field(7, "pieces", kind="uint32"),
        Field(8, "peak_memory_bytes", kind="uint64"),
        Field(9, "batch_size", kind="uint32"),
    )


class TranslateImageRequest(Message):
    __slots__ = ("filter_id", "image",)

    def __init__(
        self,
        *,
        filter_id: str = "",
        image: bytes = b"",
    ) -> None:
        self.filter_id = filter_id
        self.image = image

    FIELDS = (
        Field(1, "filter_id", kind="string"),
        Field(2, "image", kind="bytes"),
    )


class TranslateImageResponse(Message):
    __slots__ = ("image", "summary", "notes",)

    def __init__(
        self,
        *,
        image: bytes = b"",
        summary: Summary | None = None,
        notes: list[str] | None = None,
    ) -> None:
        self.image = image
        self.summary = summary
        self.notes = [] if notes is None else notes

    FIELDS = (
        Field(1, "image", kind="bytes"),
        Field(2, "summary", message=lambda: Summary),
        Field(3, "notes", kind="string", repeated=True),
    )


class TrainingState:
    UNSPECIFIED = 0
    QUEUED = 1
    RUNNING = 2
    ENDING = 3
    FINISHED = 4
    CANCELLED = 5
    FAILED = 6


class TrainingJob(Message):
    __slots__ = ("id", "title", "preset", "state", "queue_position", "create_time", "end_time", "elapsed_seconds", "seconds_left", "images_seen", "images_total", "losses", "device", "filter_id", "filter_ready", "can_export", "problem", "warnings", "restarts", "source_names", "target_names",)

    def __init__(
        self,
        *,
        id: str = "",
        title: str = "",
        preset: str = "",
        state: int = 0,
        queue_position: int = 0,
        create_time: float = 0.0,
        end_time: float | None = None,
        elapsed_seconds: float = 0.0,
        seconds_left: float | None = None,
        images_seen: int = 0,
        images_total: int = 0,
        losses: dict[str, float] | None = None,
        device: str = "",
        filter_id: str = "",
        filter_ready: bool = False,
        can_export: bool = False,
        problem: str = "",
        warnings: list[str] | None = None,
        restarts: int = 0,
        source_names: list[str] | None = None,
        target_names: list[str] | None = None,
    ) -> None:
        self.id = id
        self.title = title
        self.preset = preset
        self.state = state
        self.queue_position = queue_position
        self.create_time = create_time
        self.end_time = end_time
        self.elapsed_seconds = elapsed_seconds
        self.seconds_left = seconds_left
        self.images_seen = images_seen
        self.images_total = images_total
        self.losses = {} if losses is None else losses
        self.device = device
        self.filter_id = filter_id
        self.filter_ready = filter_ready
        self.can_export = can_export
        self.problem = problem
        self.warnings = [] if warnings is None else warnings
        self.restarts = restarts
        self.source_names = [] if source_names is None else source_names
        self.target_names = [] if target_names is None else target_names

    FIELDS = (
        Field(1, "id", kind="string"),
        Field(2, "title", kind="string"),
        Field(3, "preset", kind="string"),
        Field(4, "state", kind="enum"),
        Field(5, "queue_position", kind="uint32"),
        Field(6, "create_time", kind="double"),
        Field(7, "end_time", kind="double", optional=True),
        Field(8, "elapsed_seconds", kind="double"),
        Field(9, "seconds_left", kind="double", optional=True),
        Field(10, "images_seen", kind="uint64"),
        Field(11, "images_total", kind="uint64"),
        Field(12, "losses", repeated=True, map_entry=(Field(1, "key", kind="string"), Field(2, "value", kind="double"))),
        Field(13, "device", kind="string"),
        Field(14, "filter_id", kind="string"),
        Field(15, "filter_ready", kind="bool"),
        Field(16, "can_export", kind="bool"),
        Field(17, "problem", kind="string"),
        Field(18, "warnings", kind="string", repeated=True),
        Field(19, "restarts", kind="uint32"),
        Field(20, "source_names", kind="string", repeated=True),
        Field(21, "target_names", kind="string", repeated=True),
    )


class TrainingPreview(Message):
    __slots__ = ("images_seen", "png",)

    def __init__(
        self,
        *,
        images_seen: int = 0,
        png: bytes = b"",
    ) -> None:
        self.images_seen = images_seen
        self.png = png

    FIELDS = (
        Field(1, "images_seen", kind="uint64"),
        Field(2, "png", kind="bytes"),
    )


class StartTrainingRequest(Message):
    __slots__ = ("header", "picture", "data",)

    def __init__(
        self,
        *,
        header: TrainingHeader | None = None,
        picture: TrainingPicture | None = None,
        data: bytes | None = None,
    ) -> None:
        self.header = header
        self.picture = picture
        self.data = data

    FIELDS = (
        Field(1, "header", message=lambda: TrainingHeader, optional=True, oneof="frame"),
        Field(2, "picture", message=lambda: TrainingPicture, optional=True, oneof="frame"),
        Field(3, "data", kind="bytes", optional=True, oneof="frame"),
    )


class TrainingHeader(Message):
    __slots__ = ("title", "preset", "options", "request_id", "picture_count",)

    def __init__(
        self,
        *,
        title: str = "",
        preset: str = "",
        options: dict[str, str] | None = None,
        request_id: str = "",
        picture_count: int | None = None,
    ) -> None:
        self.title = title
        self.preset = preset
        self.options = {} if options is None else options
        self.request_id = request_id
        self.picture_count = picture_count

    FIELDS = (
        Field(1, "title", kind="string"),
        Field(2, "preset", kind="string"),
        Field(3, "options", repeated=True, map_entry=(Field(1, "key", kind="string"), Field(2, "value", kind="string"))),
        Field(4, "request_id", kind="string"),
        Field(5, "picture_count", kind="uint32", optional=True),
    )


class TrainingPicture(Message):
    __slots__ = ("role", "name", "file_bytes", "pixels", "path",)

    class Role:
        UNSPECIFIED = 0
        SOURCE = 1
        TARGET = 2

    def __init__(
        self,
        *,
        role: int = 0,
        name: str = "",
        file_bytes: int | None = None,
        pixels: RawPixels | None = None,
        path: str | None = None,
    ) -> None:
        self.role = role
        self.name = name
        self.file_bytes = file_bytes
        self.pixels = pixels
        self.path = path

    FIELDS = (
        Field(1, "role", kind="enum"),
        Field(2, "name", kind="string"),
        Field(3, "file_bytes", kind="uint64", optional=True, oneof="content"),
        Field(4, "pixels", message=lambda: RawPixels, optional=True, oneof="content"),
        Field(5, "path", kind="string", optional=True, oneof="content"),
    )


class RawPixels(Message):
    __slots__ = ("width", "height", "pixel_format",)

    def __init__(
        self,
        *,
        width: int = 0,
        height: int = 0,
        pixel_format: PixelFormat | None = None,
    ) -> None:
        self.width = width
        self.height = height
        self.pixel_format = pixel_format

    FIELDS = (
        Field(1, "width", kind="uint32"),
        Field(2, "height", kind="uint32"),
        Field(3, "pixel_format", message=lambda: PixelFormat),
    )


class StartTrainingResponse(Message):
    __slots__ = ("job",)

    def __init__(
        self,
        *,
        job: TrainingJob | None = None,
    ) -> None:
        self.job = job

    FIELDS = (
        Field(1, "job", message=lambda: TrainingJob),
    )


class WatchTrainingRequest(Message):
    __slots__ = ("id", "omit_previews",)

    def __init__(
        self,
        *,
        id: str = "",
        omit_previews: bool = False,
    ) -> None:
        self.id = id
        self.omit_previews = omit_previews

    FIELDS = (
        Field(1, "id", kind="string"),
        Field(2, "omit_previews", kind="bool"),
    )


class WatchTrainingResponse(Message):
    __slots__ = ("job", "preview", "original",)

    def __init__(
        self,
        *,
        job: TrainingJob | None = None,
        preview: TrainingPreview | None = None,
        original: TrainingPreview | None = None,
    ) -> None:
        self.job = job
        self.preview = preview
        self.original = original

    FIELDS = (
        Field(1, "job", message=lambda: TrainingJob),
        Field(2, "preview", message=lambda: TrainingPreview),
        Field(3, "original", message=lambda: TrainingPreview),
    )


class GetTrainingRequest(Message):
    __slots__ = ("id",)

    def __init__(
        self,
        *,
        id: str = "",
    ) -> None:
        self.id = id

    FIELDS = (
        Field(1, "id", kind="string"),
    )


class GetTrainingResponse(Message):
    __slots__ = ("job", "log_tail",)

    def __init__(
        self,
        *,
        job: TrainingJob | None = None,
        log_tail: list[str] | None = None,
    ) -> None:
        self.job = job
        self.log_tail = [] if log_tail is None else log_tail

    FIELDS = (
        Field(1, "job", message=lambda: TrainingJob),
        Field(2, "log_tail", kind="string", repeated=True),
    )


class ListTrainingsRequest(Message):
    __slots__ = ("page_size", "page_token",)

    def __init__(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
    ) -> None:
        self.page_size = page_size
        self.page_token = page_token

    FIELDS = (
        Field(1, "page_size", kind="uint32"),
        Field(2, "page_token", kind="string"),
    )


class ListTrainingsResponse(Message):
    __slots__ = ("jobs", "next_page_token",)

    def __init__(
        self,
        *,
        jobs: list[TrainingJob] | None = None,
        next_page_token: str = "",
    ) -> None:
        self.jobs = [] if jobs is None else jobs
        self.next_page_token = next_page_token

    FIELDS = (
        Field(1, "jobs", message=lambda: TrainingJob, repeated=True),
        Field(2, "next_page_token", kind="string"),
    )


class CancelTrainingRequest(Message):
    __slots__ = ("id", "keep_filter",)

    def __init__(
        self,
        *,
        id: str = "",
        keep_filter: bool = False,
    ) -> None:
        self.id = id
        self.keep_filter = keep_filter

    FIELDS = (
        Field(1, "id", kind="string"),
        Field(2, "keep_filter", kind="bool"),
    )


class CancelTrainingResponse(Message):
    __slots__ = ("job",)

    def __init__(
        self,
        *,
        job: TrainingJob | None = None,
    ) -> None:
        self.job = job

    FIELDS = (
        Field(1, "job", message=lambda: TrainingJob),
    )


class ExportTrainingRequest(Message):
    __slots__ = ("id",)

    def __init__(
        self,
        *,
        id: str = "",
    ) -> None:
        self.id = id

    FIELDS = (
        Field(1, "id", kind="string"),
    )


class ExportTrainingResponse(Message):
    __slots__ = ("job", "filter_sha256",)

    def __init__(
        self,
        *,
        job: TrainingJob | None = None,
        filter_sha256: str = "",
    ) -> None:
        self.job = job
        self.filter_sha256 = filter_sha256

    FIELDS = (
        Field(1, "job", message=lambda: TrainingJob),
        Field(2, "filter_sha256", kind="string"),
    )


class ResumeTrainingRequest(Message):
    __slots__ = ("id",)

    def __init__(
        self,
        *,
        id: str = "",
    ) -> None:
        self.id = id

    FIELDS = (
        Field(1, "id", kind="string"),
    )


class ResumeTrainingResponse(Message):
    __slots__ = ("job",)

    def __init__(
        self,
        *,
        job: TrainingJob | None = None,
    ) -> None:
        self.job = job

    FIELDS = (
        Field(1, "job", message=lambda: TrainingJob),
    )


class DeleteTrainingRequest(Message):
    __slots__ = ("id",)

    def __init__(
        self,
        *,
        id: str = "",
    ) -> None:
        self.id = id

    FIELDS = (
        Field(1, "id", kind="string"),
    )


class DeleteTrainingResponse(Message):
    __slots__ = ()

    def __init__(self) -> None:
        pass

    FIELDS = (
    )
