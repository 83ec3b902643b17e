from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class MessageType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MESSAGE_TYPE_UNSPECIFIED: _ClassVar[MessageType]
    MESSAGE_TYPE_EVENT: _ClassVar[MessageType]
    MESSAGE_TYPE_STATE_DIFF: _ClassVar[MessageType]
    MESSAGE_TYPE_TOKEN_CHUNK: _ClassVar[MessageType]
    MESSAGE_TYPE_TOOL_EXECUTION: _ClassVar[MessageType]
    MESSAGE_TYPE_CHECKPOINT: _ClassVar[MessageType]
    MESSAGE_TYPE_METRICS: _ClassVar[MessageType]
    MESSAGE_TYPE_ERROR: _ClassVar[MessageType]
    MESSAGE_TYPE_EVENT_BATCH: _ClassVar[MessageType]
    MESSAGE_TYPE_EXECUTION_TRACE: _ClassVar[MessageType]
    MESSAGE_TYPE_LOSS: _ClassVar[MessageType]
    MESSAGE_TYPE_GRAPH_SCHEMA: _ClassVar[MessageType]

class CompressionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMPRESSION_TYPE_NONE: _ClassVar[CompressionType]
    COMPRESSION_TYPE_ZSTD: _ClassVar[CompressionType]
    COMPRESSION_TYPE_LZ4: _ClassVar[CompressionType]
    COMPRESSION_TYPE_SNAPPY: _ClassVar[CompressionType]

class EventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_TYPE_UNSPECIFIED: _ClassVar[EventType]
    EVENT_TYPE_GRAPH_START: _ClassVar[EventType]
    EVENT_TYPE_GRAPH_END: _ClassVar[EventType]
    EVENT_TYPE_GRAPH_ERROR: _ClassVar[EventType]
    EVENT_TYPE_NODE_START: _ClassVar[EventType]
    EVENT_TYPE_NODE_END: _ClassVar[EventType]
    EVENT_TYPE_NODE_ERROR: _ClassVar[EventType]
    EVENT_TYPE_EDGE_TRAVERSAL: _ClassVar[EventType]
    EVENT_TYPE_CONDITIONAL_BRANCH: _ClassVar[EventType]
    EVENT_TYPE_PARALLEL_START: _ClassVar[EventType]
    EVENT_TYPE_PARALLEL_END: _ClassVar[EventType]
    EVENT_TYPE_LLM_START: _ClassVar[EventType]
    EVENT_TYPE_LLM_END: _ClassVar[EventType]
    EVENT_TYPE_LLM_ERROR: _ClassVar[EventType]
    EVENT_TYPE_LLM_RETRY: _ClassVar[EventType]
    EVENT_TYPE_TOOL_START: _ClassVar[EventType]
    EVENT_TYPE_TOOL_END: _ClassVar[EventType]
    EVENT_TYPE_TOOL_ERROR: _ClassVar[EventType]
    EVENT_TYPE_CHECKPOINT_SAVE: _ClassVar[EventType]
    EVENT_TYPE_CHECKPOINT_LOAD: _ClassVar[EventType]
    EVENT_TYPE_CHECKPOINT_DELETE: _ClassVar[EventType]
    EVENT_TYPE_MEMORY_SAVE: _ClassVar[EventType]
    EVENT_TYPE_MEMORY_LOAD: _ClassVar[EventType]
    EVENT_TYPE_HUMAN_INTERRUPT: _ClassVar[EventType]
    EVENT_TYPE_HUMAN_RESUME: _ClassVar[EventType]
    EVENT_TYPE_NODE_PROGRESS: _ClassVar[EventType]
    EVENT_TYPE_NODE_THINKING: _ClassVar[EventType]
    EVENT_TYPE_NODE_SUBSTEP: _ClassVar[EventType]
    EVENT_TYPE_NODE_WARNING: _ClassVar[EventType]
    EVENT_TYPE_OPTIMIZATION_START: _ClassVar[EventType]
    EVENT_TYPE_OPTIMIZATION_END: _ClassVar[EventType]

class RunStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUN_STATUS_UNSPECIFIED: _ClassVar[RunStatus]
    RUN_STATUS_OK: _ClassVar[RunStatus]
    RUN_STATUS_ERROR: _ClassVar[RunStatus]
    RUN_STATUS_CANCELLED: _ClassVar[RunStatus]
    RUN_STATUS_INTERRUPTED: _ClassVar[RunStatus]
    RUN_STATUS_RECURSION_LIMIT: _ClassVar[RunStatus]
    RUN_STATUS_CLOSED: _ClassVar[RunStatus]
    RUN_STATUS_TIMED_OUT: _ClassVar[RunStatus]

class EdgeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EDGE_KIND_UNSPECIFIED: _ClassVar[EdgeKind]
    EDGE_KIND_STATIC: _ClassVar[EdgeKind]
    EDGE_KIND_CONDITIONAL: _ClassVar[EdgeKind]
    EDGE_KIND_SEND: _ClassVar[EdgeKind]
    EDGE_KIND_JOIN: _ClassVar[EdgeKind]

class HashAlgorithm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HASH_ALGORITHM_LEGACY_SHA256: _ClassVar[HashAlgorithm]
    HASH_ALGORITHM_TREE_1: _ClassVar[HashAlgorithm]

class LossReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOSS_REASON_UNSPECIFIED: _ClassVar[LossReason]
    LOSS_REASON_QUEUE_FULL: _ClassVar[LossReason]
    LOSS_REASON_TOO_LARGE: _ClassVar[LossReason]
    LOSS_REASON_SPOOL_FULL: _ClassVar[LossReason]
    LOSS_REASON_ENCODE_FAILED: _ClassVar[LossReason]
    LOSS_REASON_REJECTED: _ClassVar[LossReason]
    LOSS_REASON_EXIT: _ClassVar[LossReason]
MESSAGE_TYPE_UNSPECIFIED: MessageType
MESSAGE_TYPE_EVENT: MessageType
MESSAGE_TYPE_STATE_DIFF: MessageType
MESSAGE_TYPE_TOKEN_CHUNK: MessageType
MESSAGE_TYPE_TOOL_EXECUTION: MessageType
MESSAGE_TYPE_CHECKPOINT: MessageType
MESSAGE_TYPE_METRICS: MessageType
MESSAGE_TYPE_ERROR: MessageType
MESSAGE_TYPE_EVENT_BATCH: MessageType
MESSAGE_TYPE_EXECUTION_TRACE: MessageType
MESSAGE_TYPE_LOSS: MessageType
MESSAGE_TYPE_GRAPH_SCHEMA: MessageType
COMPRESSION_TYPE_NONE: CompressionType
COMPRESSION_TYPE_ZSTD: CompressionType
COMPRESSION_TYPE_LZ4: CompressionType
COMPRESSION_TYPE_SNAPPY: CompressionType
EVENT_TYPE_UNSPECIFIED: EventType
EVENT_TYPE_GRAPH_START: EventType
EVENT_TYPE_GRAPH_END: EventType
EVENT_TYPE_GRAPH_ERROR: EventType
EVENT_TYPE_NODE_START: EventType
EVENT_TYPE_NODE_END: EventType
EVENT_TYPE_NODE_ERROR: EventType
EVENT_TYPE_EDGE_TRAVERSAL: EventType
EVENT_TYPE_CONDITIONAL_BRANCH: EventType
EVENT_TYPE_PARALLEL_START: EventType
EVENT_TYPE_PARALLEL_END: EventType
EVENT_TYPE_LLM_START: EventType
EVENT_TYPE_LLM_END: EventType
EVENT_TYPE_LLM_ERROR: EventType
EVENT_TYPE_LLM_RETRY: EventType
EVENT_TYPE_TOOL_START: EventType
EVENT_TYPE_TOOL_END: EventType
EVENT_TYPE_TOOL_ERROR: EventType
EVENT_TYPE_CHECKPOINT_SAVE: EventType
EVENT_TYPE_CHECKPOINT_LOAD: EventType
EVENT_TYPE_CHECKPOINT_DELETE: EventType
EVENT_TYPE_MEMORY_SAVE: EventType
EVENT_TYPE_MEMORY_LOAD: EventType
EVENT_TYPE_HUMAN_INTERRUPT: EventType
EVENT_TYPE_HUMAN_RESUME: EventType
EVENT_TYPE_NODE_PROGRESS: EventType
EVENT_TYPE_NODE_THINKING: EventType
EVENT_TYPE_NODE_SUBSTEP: EventType
EVENT_TYPE_NODE_WARNING: EventType
EVENT_TYPE_OPTIMIZATION_START: EventType
EVENT_TYPE_OPTIMIZATION_END: EventType
RUN_STATUS_UNSPECIFIED: RunStatus
RUN_STATUS_OK: RunStatus
RUN_STATUS_ERROR: RunStatus
RUN_STATUS_CANCELLED: RunStatus
RUN_STATUS_INTERRUPTED: RunStatus
RUN_STATUS_RECURSION_LIMIT: RunStatus
RUN_STATUS_CLOSED: RunStatus
RUN_STATUS_TIMED_OUT: RunStatus
EDGE_KIND_UNSPECIFIED: EdgeKind
EDGE_KIND_STATIC: EdgeKind
EDGE_KIND_CONDITIONAL: EdgeKind
EDGE_KIND_SEND: EdgeKind
EDGE_KIND_JOIN: EdgeKind
HASH_ALGORITHM_LEGACY_SHA256: HashAlgorithm
HASH_ALGORITHM_TREE_1: HashAlgorithm
LOSS_REASON_UNSPECIFIED: LossReason
LOSS_REASON_QUEUE_FULL: LossReason
LOSS_REASON_TOO_LARGE: LossReason
LOSS_REASON_SPOOL_FULL: LossReason
LOSS_REASON_ENCODE_FAILED: LossReason
LOSS_REASON_REJECTED: LossReason
LOSS_REASON_EXIT: LossReason

class DashStreamMessage(_message.Message):
    __slots__ = ("event", "state_diff", "token_chunk", "tool_execution", "checkpoint", "metrics", "error", "event_batch", "execution_trace", "loss", "graph_schema")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    STATE_DIFF_FIELD_NUMBER: _ClassVar[int]
    TOKEN_CHUNK_FIELD_NUMBER: _ClassVar[int]
    TOOL_EXECUTION_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    EVENT_BATCH_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_TRACE_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    GRAPH_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    event: Event
    state_diff: StateDiff
    token_chunk: TokenChunk
    tool_execution: ToolExecution
    checkpoint: Checkpoint
    metrics: Metrics
    error: Error
    event_batch: EventBatch
    execution_trace: ExecutionTrace
    loss: Loss
    graph_schema: GraphSchema
    def __init__(self, event: _Optional[_Union[Event, _Mapping]] = ..., state_diff: _Optional[_Union[StateDiff, _Mapping]] = ..., token_chunk: _Optional[_Union[TokenChunk, _Mapping]] = ..., tool_execution: _Optional[_Union[ToolExecution, _Mapping]] = ..., checkpoint: _Optional[_Union[Checkpoint, _Mapping]] = ..., metrics: _Optional[_Union[Metrics, _Mapping]] = ..., error: _Optional[_Union[Error, _Mapping]] = ..., event_batch: _Optional[_Union[EventBatch, _Mapping]] = ..., execution_trace: _Optional[_Union[ExecutionTrace, _Mapping]] = ..., loss: _Optional[_Union[Loss, _Mapping]] = ..., graph_schema: _Optional[_Union[GraphSchema, _Mapping]] = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ("message_id", "timestamp_us", "tenant_id", "thread_id", "sequence", "type", "parent_id", "compression", "schema_version", "run_id", "parent_run_id", "attempt", "node_execution_id", "node_id", "graph_id", "checkpoint_ns", "superstep", "producer_id", "producer_epoch", "traceparent", "run_sequence")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_US_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    THREAD_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    COMPRESSION_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    PARENT_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    NODE_EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    GRAPH_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_NS_FIELD_NUMBER: _ClassVar[int]
    SUPERSTEP_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCER_EPOCH_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    RUN_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    timestamp_us: int
    tenant_id: str
    thread_id: str
    sequence: int
    type: MessageType
    parent_id: bytes
    compression: CompressionType
    schema_version: int
    run_id: str
    parent_run_id: str
    attempt: int
    node_execution_id: str
    node_id: str
    graph_id: str
    checkpoint_ns: str
    superstep: int
    producer_id: str
    producer_epoch: int
    traceparent: str
    run_sequence: int
    def __init__(self, message_id: _Optional[bytes] = ..., timestamp_us: _Optional[int] = ..., tenant_id: _Optional[str] = ..., thread_id: _Optional[str] = ..., sequence: _Optional[int] = ..., type: _Optional[_Union[MessageType, str]] = ..., parent_id: _Optional[bytes] = ..., compression: _Optional[_Union[CompressionType, str]] = ..., schema_version: _Optional[int] = ..., run_id: _Optional[str] = ..., parent_run_id: _Optional[str] = ..., attempt: _Optional[int] = ..., node_execution_id: _Optional[str] = ..., node_id: _Optional[str] = ..., graph_id: _Optional[str] = ..., checkpoint_ns: _Optional[str] = ..., superstep: _Optional[int] = ..., producer_id: _Optional[str] = ..., producer_epoch: _Optional[int] = ..., traceparent: _Optional[str] = ..., run_sequence: _Optional[int] = ...) -> None: ...

class AttributeArray(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedCompositeFieldContainer[AttributeValue]
    def __init__(self, values: _Optional[_Iterable[_Union[AttributeValue, _Mapping]]] = ...) -> None: ...

class AttributeMap(_message.Message):
    __slots__ = ("values",)
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: AttributeValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[AttributeValue, _Mapping]] = ...) -> None: ...
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.MessageMap[str, AttributeValue]
    def __init__(self, values: _Optional[_Mapping[str, AttributeValue]] = ...) -> None: ...

class AttributeValue(_message.Message):
    __slots__ = ("string_value", "int_value", "double_value", "bool_value", "bytes_value", "array_value", "map_value")
    STRING_VALUE_FIELD_NUMBER: _ClassVar[int]
    INT_VALUE_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_VALUE_FIELD_NUMBER: _ClassVar[int]
    BOOL_VALUE_FIELD_NUMBER: _ClassVar[int]
    BYTES_VALUE_FIELD_NUMBER: _ClassVar[int]
    ARRAY_VALUE_FIELD_NUMBER: _ClassVar[int]
    MAP_VALUE_FIELD_NUMBER: _ClassVar[int]
    string_value: str
    int_value: int
    double_value: float
    bool_value: bool
    bytes_value: bytes
    array_value: AttributeArray
    map_value: AttributeMap
    def __init__(self, string_value: _Optional[str] = ..., int_value: _Optional[int] = ..., double_value: _Optional[float] = ..., bool_value: _Optional[bool] = ..., bytes_value: _Optional[bytes] = ..., array_value: _Optional[_Union[AttributeArray, _Mapping]] = ..., map_value: _Optional[_Union[AttributeMap, _Mapping]] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("header", "event_type", "node_id", "attributes", "duration_us", "llm_request_id", "run_status", "routing")
    class AttributesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: AttributeValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[AttributeValue, _Mapping]] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    DURATION_US_FIELD_NUMBER: _ClassVar[int]
    LLM_REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_STATUS_FIELD_NUMBER: _ClassVar[int]
    ROUTING_FIELD_NUMBER: _ClassVar[int]
    header: Header
    event_type: EventType
    node_id: str
    attributes: _containers.MessageMap[str, AttributeValue]
    duration_us: int
    llm_request_id: str
    run_status: RunStatus
    routing: Routing
    def __init__(self, header: _Optional[_Union[Header, _Mapping]] = ..., event_type: _Optional[_Union[EventType, str]] = ..., node_id: _Optional[str] = ..., attributes: _Optional[_Mapping[str, AttributeValue]] = ..., duration_us: _Optional[int] = ..., llm_request_id: _Optional[str] = ..., run_status: _Optional[_Union[RunStatus, str]] = ..., routing: _Optional[_Union[Routing, _Mapping]] = ...) -> None: ...

class Routing(_message.Message):
    __slots__ = ("source", "target", "kind", "source_execution_id", "count")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SOURCE_EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    source: str
    target: str
    kind: EdgeKind
    source_execution_id: str
    count: int
    def __init__(self, source: _Optional[str] = ..., target: _Optional[str] = ..., kind: _Optional[_Union[EdgeKind, str]] = ..., source_execution_id: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class EventBatch(_message.Message):
    __slots__ = ("header", "events")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    header: Header
    events: _containers.RepeatedCompositeFieldContainer[Event]
    def __init__(self, header: _Optional[_Union[Header, _Mapping]] = ..., events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ...) -> None: ...

class DiffOperation(_message.Message):
    __slots__ = ("op", "path", "value", "encoding")
    class OpType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ADD: _ClassVar[DiffOperation.OpType]
        REMOVE: _ClassVar[DiffOperation.OpType]
        REPLACE: _ClassVar[DiffOperation.OpType]
        MOVE: _ClassVar[DiffOperation.OpType]
        COPY: _ClassVar[DiffOperation.OpType]
        TEST: _ClassVar[DiffOperation.OpType]
        TEXT_SPLICE: _ClassVar[DiffOperation.OpType]
    ADD: DiffOperation.OpType
    REMOVE: DiffOperation.OpType
    REPLACE: DiffOperation.OpType
    MOVE: DiffOperation.OpType
    COPY: DiffOperation.OpType
    TEST: DiffOperation.OpType
    TEXT_SPLICE: DiffOperation.OpType
    class ValueEncoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        JSON: _ClassVar[DiffOperation.ValueEncoding]
        MSGPACK: _ClassVar[DiffOperation.ValueEncoding]
        PROTOBUF: _ClassVar[DiffOperation.ValueEncoding]
        RAW: _ClassVar[DiffOperation.ValueEncoding]
    JSON: DiffOperation.ValueEncoding
    MSGPACK: DiffOperation.ValueEncoding
    PROTOBUF: DiffOperation.ValueEncoding
    RAW: DiffOperation.ValueEncoding
    OP_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    op: DiffOperation.OpType
    path: str
    value: bytes
    encoding: DiffOperation.ValueEncoding
    def __init__(self, op: _Optional[_Union[DiffOperation.OpType, str]] = ..., path: _Optional[str] = ..., value: _Optional[bytes] = ..., encoding: _Optional[_Union[DiffOperation.ValueEncoding, str]] = ..., **kwargs) -> None: ...

class StateDiff(_message.Message):
    __slots__ = ("header", "base_checkpoint_id", "operations", "state_hash", "full_state", "hash_algorithm", "base_state_hash")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    BASE_CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    STATE_HASH_FIELD_NUMBER: _ClassVar[int]
    FULL_STATE_FIELD_NUMBER: _ClassVar[int]
    HASH_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    BASE_STATE_HASH_FIELD_NUMBER: _ClassVar[int]
    header: Header
    base_checkpoint_id: bytes
    operations: _containers.RepeatedCompositeFieldContainer[DiffOperation]
    state_hash: bytes
    full_state: bytes
    hash_algorithm: HashAlgorithm
    base_state_hash: bytes
    def __init__(self, header: _Optional[_Union[Header, _Mapping]] = ..., base_checkpoint_id: _Optional[bytes] = ..., operations: _Optional[_Iterable[_Union[DiffOperation, _Mapping]]] = ..., state_hash: _Optional[bytes] = ..., full_state: _Optional[bytes] = ..., hash_algorithm: _Optional[_Union[HashAlgorithm, str]] = ..., base_state_hash: _Optional[bytes] = ...) -> None: ...

class TokenStats(_message.Message):
    __slots__ = ("prompt_tokens", "completion_tokens", "total_tokens")
    PROMPT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COMPLETION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_TOKENS_FIELD_NUMBER: _ClassVar[int]
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    def __init__(self, prompt_tokens: _Optional[int] = ..., completion_tokens: _Optional[int] = ..., total_tokens: _Optional[int] = ...) -> None: ...

class TokenChunk(_message.Message):
    __slots__ = ("header", "request_id", "text", "token_ids", "logprobs", "chunk_index", "is_final", "finish_reason", "model", "stats")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_IDS_FIELD_NUMBER: _ClassVar[int]
    LOGPROBS_FIELD_NUMBER: _ClassVar[int]
    CHUNK_INDEX_FIELD_NUMBER: _ClassVar[int]
    IS_FINAL_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STATS_FIELD_NUMBER: _ClassVar[int]
    header: Header
    request_id: str
    text: str
    token_ids: _containers.RepeatedScalarFieldContainer[int]
    logprobs: _containers.RepeatedScalarFieldContainer[float]
    chunk_index: int
    is_final: bool
    finish_reason: str
    model: str
    stats: TokenStats
    def __init__(self, header: _Optional[_Union[Header, _Mapping]] = ..., request_id: _Optional[str] = ..., text: _Optional[str] = ..., token_ids: _Optional[_Iterable[int]] = ..., logprobs: _Optional[_Iterable[float]] = ..., chunk_index: _Optional[int] = ..., is_final: _Optional[bool] = ..., finish_reason: _Optional[str] = ..., model: _Optional[str] = ..., stats: _Optional[_Union[TokenStats, _Mapping]] = ...) -> None: ...

class ToolExecution(_message.Message):
    __slots__ = ("header", "call_id", "tool_name", "stage", "arguments", "result", "error", "error_details", "duration_us", "retry_count")
    class Stage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STAGE_UNSPECIFIED: _ClassVar[ToolExecution.Stage]
        REQUESTED: _ClassVar[ToolExecution.Stage]
        STARTED: _ClassVar[ToolExecution.Stage]
        COMPLETED: _ClassVar[ToolExecution.Stage]
        FAILED: _ClassVar[ToolExecution.Stage]
        RETRYING: _ClassVar[ToolExecution.Stage]
    STAGE_UNSPECIFIED: ToolExecution.Stage
    REQUESTED: ToolExecution.Stage
    STARTED: ToolExecution.Stage
    COMPLETED: ToolExecution.Stage
    FAILED: ToolExecution.Stage
    RETRYING: ToolExecution.Stage
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    TOOL_NAME_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ERROR_DETAILS_FIELD_NUMBER: _ClassVar[int]
    DURATION_US_FIELD_NUMBER: _ClassVar[int]
    RETRY_COUNT_FIELD_NUMBER: _ClassVar[int]
    header: Header
    call_id: str
    tool_name: str
    stage: ToolExecution.Stage
    arguments: bytes
    result: bytes
    error: str
    error_details: str
    duration_us: int
    retry_count: int
    def __init__(self, header: _Optional[_Union[Header, _Mapping]] = ..., call_id: _Optional[str] = ..., tool_name: _Optional[str] = ..., stage: _Optional[_Union[ToolExecution.Stage, str]] = ..., arguments: _Optional[bytes] = ..., result: _Optional[bytes] = ..., error: _Optional[str] = ..., error_details: _Optional[str] = ..., duration_us: _Optional[int] = ..., retry_count: _Optional[int] = ...) -> None: ...

class CompressionInfo(_message.Message):
    __slots__ = ("type", "compressed_size", "uncompressed_size", "ratio")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    COMPRESSED_SIZE_FIELD_NUMBER: _ClassVar[int]
    UNCOMPRESSED_SIZE_FIELD_NUMBER: _ClassVar[int]
    RATIO_FIELD_NUMBER: _ClassVar[int]
    type: CompressionType
    compressed_size: int
    uncompressed_size: int
    ratio: float
    def __init__(self, type: _Optional[_Union[CompressionType, str]] = ..., compressed_size: _Optional[int] = ..., uncompressed_size: _Optional[int] = ..., ratio: _Optional[float] = ...) -> None: ...

class Checkpoint(_message.Message):
    __slots__ = ("header", "checkpoint_id", "state", "state_type", "checksum", "storage_uri", "compression_info", "metadata", "hash_algorithm", "state_hash", "chunk_index", "chunk_count", "is_transition")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_TYPE_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    STORAGE_URI_FIELD_NUMBER: _ClassVar[int]
    COMPRESSION_INFO_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    HASH_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    STATE_HASH_FIELD_NUMBER: _ClassVar[int]
    CHUNK_INDEX_FIELD_NUMBER: _ClassVar[int]
    CHUNK_COUNT_FIELD_NUMBER: _ClassVar[int]
    IS_TRANSITION_FIELD_NUMBER: _ClassVar[int]
    header: Header
    checkpoint_id: bytes
    state: bytes
    state_type: str
    checksum: bytes
    storage_uri: str
    compression_info: CompressionInfo
    metadata: _containers.ScalarMap[str, str]
    hash_algorithm: HashAlgorithm
    state_hash: bytes
    chunk_index: int
    chunk_count: int
    is_transition: bool
    def __init__(self, header: _Optional[_Union[Header, _Mapping]] = ..., checkpoint_id: _Optional[bytes] = ..., state: _Optional[bytes] = ..., state_type: _Optional[str] = ..., checksum: _Optional[bytes] = ..., storage_uri: _Optional[str] = ..., compression_info: _Optional[_Union[CompressionInfo, _Mapping]] = ..., metadata: _Optional[_Mapping[str, str]] = ..., hash_algorithm: _Optional[_Union[HashAlgorithm, str]] = ..., state_hash: _Optional[bytes] = ..., chunk_index: _Optional[int] = ..., chunk_count: _Optional[int] = ..., is_transition: _Optional[bool] = ...) -> None: ...

class MetricValue(_message.Message):
    __slots__ = ("int_value", "double_value", "string_value", "bool_value", "bytes_value", "unit", "type")
    INT_VALUE_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_VALUE_FIELD_NUMBER: _ClassVar[int]
    STRING_VALUE_FIELD_NUMBER: _ClassVar[int]
    BOOL_VALUE_FIELD_NUMBER: _ClassVar[int]
    BYTES_VALUE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    int_value: int
    double_value: float
    string_value: str
    bool_value: bool
    bytes_value: bytes
    unit: str
    type: str
    def __init__(self, int_value: _Optional[int] = ..., double_value: _Optional[float] = ..., string_value: _Optional[str] = ..., bool_value: _Optional[bool] = ..., bytes_value: _Optional[bytes] = ..., unit: _Optional[str] = ..., type: _Optional[str] = ...) -> None: ...

class Metrics(_message.Message):
    __slots__ = ("header", "scope", "scope_id", "metrics", "tags")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: MetricValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[MetricValue, _Mapping]] = ...) -> None: ...
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_ID_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    header: Header
    scope: str
    scope_id: str
    metrics: _containers.MessageMap[str, MetricValue]
    tags: _containers.ScalarMap[str, str]
    def __init__(self, header: _Optional[_Union[Header, _Mapping]] = ..., scope: _Optional[str] = ..., scope_id: _Optional[str] = ..., metrics: _Optional[_Mapping[str, MetricValue]] = ..., tags: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Error(_message.Message):
    __slots__ = ("header", "error_code", "message", "stack_trace", "context", "severity", "exception_type", "suggestions")
    class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SEVERITY_UNSPECIFIED: _ClassVar[Error.Severity]
        DEBUG: _ClassVar[Error.Severity]
        INFO: _ClassVar[Error.Severity]
        WARNING: _ClassVar[Error.Severity]
        ERROR: _ClassVar[Error.Severity]
        FATAL: _ClassVar[Error.Severity]
    SEVERITY_UNSPECIFIED: Error.Severity
    DEBUG: Error.Severity
    INFO: Error.Severity
    WARNING: Error.Severity
    ERROR: Error.Severity
    FATAL: Error.Severity
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STACK_TRACE_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    EXCEPTION_TYPE_FIELD_NUMBER: _ClassVar[int]
    SUGGESTIONS_FIELD_NUMBER: _ClassVar[int]
    header: Header
    error_code: str
    message: str
    stack_trace: str
    context: _containers.ScalarMap[str, str]
    severity: Error.Severity
    exception_type: str
    suggestions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, header: _Optional[_Union[Header, _Mapping]] = ..., error_code: _Optional[str] = ..., message: _Optional[str] = ..., stack_trace: _Optional[str] = ..., context: _Optional[_Mapping[str, str]] = ..., severity: _Optional[_Union[Error.Severity, str]] = ..., exception_type: _Optional[str] = ..., suggestions: _Optional[_Iterable[str]] = ...) -> None: ...

class ExecutionTrace(_message.Message):
    __slots__ = ("header",)
    HEADER_FIELD_NUMBER: _ClassVar[int]
    header: Header
    def __init__(self, header: _Optional[_Union[Header, _Mapping]] = ...) -> None: ...

class Loss(_message.Message):
    __slots__ = ("header", "items")
    class Item(_message.Message):
        __slots__ = ("type", "reason", "count", "first_timestamp_us", "last_timestamp_us")
        TYPE_FIELD_NUMBER: _ClassVar[int]
        REASON_FIELD_NUMBER: _ClassVar[int]
        COUNT_FIELD_NUMBER: _ClassVar[int]
        FIRST_TIMESTAMP_US_FIELD_NUMBER: _ClassVar[int]
        LAST_TIMESTAMP_US_FIELD_NUMBER: _ClassVar[int]
        type: MessageType
        reason: LossReason
        count: int
        first_timestamp_us: int
        last_timestamp_us: int
        def __init__(self, type: _Optional[_Union[MessageType, str]] = ..., reason: _Optional[_Union[LossReason, str]] = ..., count: _Optional[int] = ..., first_timestamp_us: _Optional[int] = ..., last_timestamp_us: _Optional[int] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    header: Header
    items: _containers.RepeatedCompositeFieldContainer[Loss.Item]
    def __init__(self, header: _Optional[_Union[Header, _Mapping]] = ..., items: _Optional[_Iterable[_Union[Loss.Item, _Mapping]]] = ...) -> None: ...

class GraphSchema(_message.Message):
    __slots__ = ("header", "graph_id", "name", "nodes", "edges")
    class Node(_message.Message):
        __slots__ = ("id", "name", "kind", "parent", "metadata")
        class MetadataEntry(_message.Message):
            __slots__ = ("key", "value")
            KEY_FIELD_NUMBER: _ClassVar[int]
            VALUE_FIELD_NUMBER: _ClassVar[int]
            key: str
            value: str
            def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
        ID_FIELD_NUMBER: _ClassVar[int]
        NAME_FIELD_NUMBER: _ClassVar[int]
        KIND_FIELD_NUMBER: _ClassVar[int]
        PARENT_FIELD_NUMBER: _ClassVar[int]
        METADATA_FIELD_NUMBER: _ClassVar[int]
        id: str
        name: str
        kind: str
        parent: str
        metadata: _containers.ScalarMap[str, str]
        def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., kind: _Optional[str] = ..., parent: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...
    class Edge(_message.Message):
        __slots__ = ("source", "target", "conditional", "label")
        SOURCE_FIELD_NUMBER: _ClassVar[int]
        TARGET_FIELD_NUMBER: _ClassVar[int]
        CONDITIONAL_FIELD_NUMBER: _ClassVar[int]
        LABEL_FIELD_NUMBER: _ClassVar[int]
        source: str
        target: str
        conditional: bool
        label: str
        def __init__(self, source: _Optional[str] = ..., target: _Optional[str] = ..., conditional: _Optional[bool] = ..., label: _Optional[str] = ...) -> None: ...
    HEADER_FIELD_NUMBER: _ClassVar[int]
    GRAPH_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    EDGES_FIELD_NUMBER: _ClassVar[int]
    header: Header
    graph_id: str
    name: str
    nodes: _containers.RepeatedCompositeFieldContainer[GraphSchema.Node]
    edges: _containers.RepeatedCompositeFieldContainer[GraphSchema.Edge]
    def __init__(self, header: _Optional[_Union[Header, _Mapping]] = ..., graph_id: _Optional[str] = ..., name: _Optional[str] = ..., nodes: _Optional[_Iterable[_Union[GraphSchema.Node, _Mapping]]] = ..., edges: _Optional[_Iterable[_Union[GraphSchema.Edge, _Mapping]]] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("entries", "first_delivery")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    FIRST_DELIVERY_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[Entry]
    first_delivery: int
    def __init__(self, entries: _Optional[_Iterable[_Union[Entry, _Mapping]]] = ..., first_delivery: _Optional[int] = ...) -> None: ...

class Entry(_message.Message):
    __slots__ = ("partition", "offset", "step", "value")
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    partition: int
    offset: int
    step: int
    value: bytes
    def __init__(self, partition: _Optional[int] = ..., offset: _Optional[int] = ..., step: _Optional[int] = ..., value: _Optional[bytes] = ...) -> None: ...
