"""What happens inside nodes: model calls with their tokens, tool calls, progress; each belongs to its node."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import (
    FakeListChatModel,
    FakeListChatModelError,
    GenericFakeChatModel,
)
from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langgraph.graph import START, StateGraph
from langgraph.prebuilt import ToolNode

from dashstream.protocol.gen import dashstream_pb2 as pb
from dashstream.protocol.json_value import loads
from dashstream.protocol.proto_codec import Kind
from integration.langgraph.graphs import TALK, Chat, chat, tools
from integration.langgraph.observing import Seen, Watch, json_attribute


def events(seen: Seen, kind: int) -> list[Any]:
    return [event for event in seen.of_kind(Kind.EVENT) if event.event_type == kind]


def said(seen: Seen) -> dict[str, str]:
    """Request id -> text, joined from its token chunks in their order."""
    texts: dict[str, str] = defaultdict(str)
    for chunk in seen.of_kind(Kind.TOKEN_CHUNK):
        assert chunk.chunk_index == 0 or chunk.request_id in texts
        texts[chunk.request_id] += chunk.text
    return dict(texts)


def test_tokens_are_seen_under_plain_invoke(watch: Watch) -> None:
    with watch.here():
        result = chat(None).invoke(TALK)
    seen = watch.only
    (start,) = events(seen, pb.EVENT_TYPE_LLM_START)
    (end,) = events(seen, pb.EVENT_TYPE_LLM_END)
    assert start.header.node_id == end.header.node_id == "say"
    assert said(seen) == {start.llm_request_id: result["messages"][-1].content}
    assert seen.of_kind(Kind.TOKEN_CHUNK)[-1].is_final
    assert [message["content"] for message in json_attribute(start, "llm.prompt")] == ["hello"]


def test_tokens_can_be_switched_off(tmp_path: Any) -> None:
    watch = Watch(tmp_path, tokens=False)
    with watch.here():
        chat(None).invoke(TALK)
    seen = watch.only
    watch.close()
    assert seen.of_kind(Kind.TOKEN_CHUNK) == []
    (end,) = events(seen, pb.EVENT_TYPE_LLM_END)
    assert json_attribute(end, "llm.output")["content"] == "the sea is wide"


def test_usage_is_counted(watch: Watch) -> None:
    usage = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
    model = GenericFakeChatModel(messages=iter([AIMessage("ok", usage_metadata=usage)]), disable_streaming=True)
    graph = StateGraph(Chat).add_node("say", lambda state: {"messages": model.invoke(state["messages"])})
    with watch.here():
        graph.add_edge(START, "say").compile().invoke(TALK)
    run = watch.only.run
    assert (run.llm_calls, run.prompt_tokens, run.completion_tokens) == (1, 7, 3)


def test_a_model_that_fails_in_the_middle_of_its_answer(watch: Watch) -> None:
    model = FakeListChatModel(responses=["abcdef"], error_on_chunk_number=3)
    graph = StateGraph(Chat).add_node("say", lambda state: {"messages": model.invoke(state["messages"])})
    with watch.here(), pytest.raises(FakeListChatModelError):
        graph.add_edge(START, "say").compile().invoke(TALK)
    seen = watch.only
    assert seen.run.status == "error"
    (failed,) = events(seen, pb.EVENT_TYPE_LLM_ERROR)
    assert said(seen) == {failed.llm_request_id: "abc"}
    assert seen.of_kind(Kind.TOKEN_CHUNK)[-1].finish_reason == "error"


def test_two_tools_in_parallel(watch: Watch) -> None:
    with watch.here():
        tools(None).invoke(TALK)
    seen = watch.only
    assert seen.run.tool_calls == 2
    found = {}
    for call in seen.of_kind(Kind.TOOL_EXECUTION):
        assert call.header.node_id == "tools"
        found.setdefault(call.call_id, {})[call.stage] = call
    assert set(found) == {"call-1", "call-2"}
    for stages in found.values():
        assert set(stages) == {pb.ToolExecution.STARTED, pb.ToolExecution.COMPLETED}
    assert loads(found["call-1"][pb.ToolExecution.STARTED].arguments) == {"number": 21}
    assert loads(found["call-1"][pb.ToolExecution.COMPLETED].result) == "42"
    assert loads(found["call-2"][pb.ToolExecution.COMPLETED].result) == "HEY"


@pytest.mark.parametrize("handled", [True, False])
def test_a_tool_that_fails(watch: Watch, *, handled: bool) -> None:
    @tool
    def broken(number: int) -> int:
        """Never works."""
        raise OSError("no such thing")

    call = {"name": "broken", "args": {"number": 1}, "id": "c"}
    graph = StateGraph(Chat).add_node("tools", ToolNode([broken], handle_tool_errors=handled))
    compiled = graph.add_edge(START, "tools").compile()
    given = {"messages": [AIMessage("", tool_calls=[call])]}
    with watch.here():
        if handled:
            compiled.invoke(given)
        else:
            with pytest.raises(OSError, match="no such thing"):
                compiled.invoke(given)
    seen = watch.only
    assert seen.run.status == ("ok" if handled else "error")
    last = seen.of_kind(Kind.TOOL_EXECUTION)[-1]
    assert last.stage == pb.ToolExecution.FAILED
    assert "no such thing" in last.error


def test_a_prompt_that_grows_is_carried_once(watch: Watch) -> None:
    model = GenericFakeChatModel(messages=iter([AIMessage(f"answer {n}") for n in range(3)]))

    def say(state: Chat) -> Chat:
        messages = list(state["messages"])
        for _ in range(3):
            messages.append(model.invoke(messages))
        return {"messages": messages}

    with watch.here():
        StateGraph(Chat).add_node("say", say).add_edge(START, "say").compile().invoke(TALK)
    starts = events(watch.only, pb.EVENT_TYPE_LLM_START)
    assert [len(json_attribute(start, "llm.prompt")) for start in starts] == [1, 1, 1]
    assert [start.attributes["llm.prompt_base_count"].int_value for start in starts] == [0, 1, 2]
    assert starts[2].attributes["llm.prompt_base"].string_value == starts[1].llm_request_id
