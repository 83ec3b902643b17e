"""What schemathesis cannot know of our API: the binary body of an ingest request, as random and as real records."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import strategies as st

from dashstream.protocol.record_batch import CONTENT_TYPE, pack_records
from run_builder import RunBuilder


def real_records() -> list[bytes]:
    run = RunBuilder(run_id="posted")
    run.start({"count": 0})
    run.end()
    return run.records


BODIES = st.lists(st.one_of(st.binary(max_size=200), st.sampled_from(real_records())), max_size=5).map(pack_records)

schemathesis.openapi.media_type(CONTENT_TYPE, BODIES)


@schemathesis.serializer(CONTENT_TYPE)
def as_it_is(_: Any, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode()
