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
    __slots__ = ("filter_id", "width", "height", "pixel_format",)

    def __init__(
        self,
        *,
        filter_id: str = "",
        width: int = 0,
        height: int = 0,
        pixel_format: PixelFormat | None = None,
    ) -> None:
        self.filter_id = filter_id
        self.width = width
        self.height = height
        self.pixel_format = pixel_format

    FIELDS = (
        Field(1, "filter_id", kind="string"),
        Field(2, "width", kind="uint32"),
        Field(3, "height", kind="uint32"),
        Field(4, "pixel_format", message=lambda: PixelFormat),
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
    __slots__ = ("progress", "pixels", "summary",)

    def __init__(
        self,
        *,
        progress: Progress | None = None,
        pixels: bytes | None = None,
        summary: Summary | None = None,
    ) -> None:
        self.progress = progress
        self.pixels = pixels
        self.summary = summary

    FIELDS = (
        Field(1, "progress", message=lambda: Progress, optional=True, oneof="frame"),
        Field(2, "pixels", kind="bytes", optional=True, oneof="frame"),
        Field(3, "summary", message=lambda: Summary, optional=True, oneof="frame"),
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


class Summary(Message):
    __slots__ = ("filter_id", "filter_sha256", "execution_provider", "precision", "queue_seconds", "compute_seconds",)

    def __init__(
        self,
        *,
        filter_id: str = "",
        filter_sha256: str = "",
        execution_provider: str = "",
        precision: int = 0,
        queue_seconds: float = 0.0,
        compute_seconds: float = 0.0,
    ) -> None:
        self.filter_id = filter_id
        self.filter_sha256 = filter_sha256
        self.execution_provider = execution_provider
        self.precision = precision
        self.queue_seconds = queue_seconds
        self.compute_seconds = compute_seconds

    FIELDS = (
        Field(1, "filter_id", kind="string"),
        Field(2, "filter_sha256", kind="string"),
        Field(3, "execution_provider", kind="string"),
        Field(4, "precision", kind="enum"),
        Field(5, "queue_seconds", kind="double"),
        Field(6, "compute_seconds", kind="double"),
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
