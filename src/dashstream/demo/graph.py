"""The assistant's graph: plan, investigate in parallel, write and criticise in a loop, ask, publish."""

from __future__ import annotations

import asyncio
import json
import operator
from typing import Annotated, Any, TypedDict

from langchain_core.messages import AnyMessage, HumanMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode
from langgraph.types import RetryPolicy, Send, interrupt

from dashstream.demo.library import DEFINITIONS, fact_about, topic_of
from dashstream.demo.model import ScriptedModel

GOOD_ENOUGH = 0.8


class Finding(TypedDict):
    part: str
    fact: str
    confidence: float


class State(TypedDict, total=False):
    question: str
    plan: list[str]
    findings: Annotated[list[Finding], operator.add]
    draft: str
    revision: int
    score: float
    approved: bool
    published: dict[str, Any]
    troubled: bool
    messages: Annotated[list[AnyMessage], add_messages]


class Investigation(TypedDict, total=False):
    part: str
    notes: list[str]
    findings: Annotated[list[Finding], operator.add]
    messages: Annotated[list[AnyMessage], add_messages]


class ArchiveBusyError(ConnectionError):
    """The archive does not answer just now; trying again helps."""


@tool
async def search(query: str) -> str:
    """Search the library for a fact."""
    return fact_about(query)


@tool
async def define(word: str) -> str:
    """Say what a word means."""
    return DEFINITIONS.get(word, f"no entry for {word}")


def build_investigation(pause_s: float) -> Any:
    """Return the subgraph that answers one sub-question with tools."""
    attempts: dict[str, int] = {}

    async def ask(state: Investigation) -> Investigation:
        part = state["part"]
        word = next((word for word in DEFINITIONS if word.lower() in part.lower()), "light")
        calls = [
            {"name": "search", "args": json.dumps({"query": part}), "id": f"search-{len(part)}"},
            {"name": "define", "args": json.dumps({"word": word}), "id": f"define-{word}"},
        ]
        model = ScriptedModel(reply="Let me look that up.", calls=calls, pause_s=pause_s)
        return {"messages": [await model.ainvoke([*state.get("messages", []), HumanMessage(part)])]}

    async def read(state: Investigation) -> Investigation:
        await asyncio.sleep(pause_s * 4)
        key = state["part"]
        attempts[key] = attempts.get(key, 0) + 1
        if "long" in key and attempts[key] % 2 == 1:
            raise ArchiveBusyError(key)
        return {"notes": [str(message.content) for message in state["messages"][-2:]]}

    async def summarise(state: Investigation) -> Investigation:
        fact = state["notes"][0]
        reply = await ScriptedModel(reply=f"In short: {fact}", pause_s=pause_s).ainvoke(state["messages"])
        confidence = min(0.99, 0.6 + len(fact) / 250)
        return {
            "findings": [{"part": state["part"], "fact": fact, "confidence": confidence}],
            "messages": [reply],
        }

    graph = StateGraph(Investigation)
    graph.add_node("ask", ask)
    graph.add_node("tools", ToolNode([search, define]))
    graph.add_node(
        "read", read, retry_policy=RetryPolicy(initial_interval=pause_s * 5 + 0.01, retry_on=ArchiveBusyError)
    )
    graph.add_node("summarise", summarise)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", "tools")
    graph.add_edge("tools", "read")
    graph.add_edge("read", "summarise")
    graph.add_edge("summarise", END)
    return graph.compile(name="investigation")


def build(pause_s: float = 0.05) -> Any:
    """Return the compiled assistant; ``pause_s`` seconds pass between two words of its model."""
    investigation = build_investigation(pause_s)

    async def plan(state: State) -> State:
        parts = topic_of(state["question"]).parts
        reply = "I will find out: " + " ".join(parts)
        message = await ScriptedModel(reply=reply, pause_s=pause_s).ainvoke([HumanMessage(state["question"])])
        return {"plan": parts, "revision": 0, "messages": [HumanMessage(state["question"]), message]}

    def fan_out(state: State) -> list[Send]:
        return [Send("investigate", {"part": part}) for part in state["plan"]]

    async def investigate(part: Investigation) -> State:
        found = await investigation.ainvoke(part)
        return {"findings": found["findings"]}

    async def write(state: State) -> State:
        revision = state["revision"] + 1
        facts = " ".join(finding["fact"] for finding in state["findings"])
        opening = "Draft" if revision == 1 else f"Revision {revision}, shorter and clearer"
        model = ScriptedModel(reply=f"{opening}. {facts}", pause_s=pause_s)
        message = await model.ainvoke(state["messages"])
        return {"draft": str(message.content), "revision": revision, "messages": [message]}

    async def critique(state: State) -> State:
        score = round(0.55 + 0.15 * state["revision"], 2)
        verdict = "good" if score >= GOOD_ENOUGH else "too long, try again"
        model = ScriptedModel(reply=f"I give this {score}: {verdict}.", pause_s=pause_s)
        return {"score": score, "messages": [await model.ainvoke(state["messages"])]}

    def verdict(state: State) -> str:
        return "approve" if state["score"] >= GOOD_ENOUGH else "write"

    async def approve(state: State) -> State:
        answer = interrupt({"question": "Publish this answer?", "draft": state["draft"]})
        return {"approved": bool(answer["approved"])}

    async def publish(state: State) -> State:
        await asyncio.sleep(pause_s * 6)
        if state.get("troubled"):
            raise PermissionError("the archive is read-only on Sundays")
        return {"published": {"title": state["question"], "words": len(state["draft"].split())}}

    graph = StateGraph(State)
    graph.add_node("plan", plan)
    graph.add_node("investigate", investigate)  # type: ignore[arg-type]  # Send gives it another input
    graph.add_node("write", write)
    graph.add_node("critique", critique)
    graph.add_node("approve", approve)
    graph.add_node("publish", publish)
    graph.add_edge(START, "plan")
    graph.add_conditional_edges("plan", fan_out, ["investigate"])
    graph.add_edge("investigate", "write")
    graph.add_edge("write", "critique")
    graph.add_conditional_edges("critique", verdict, ["write", "approve"])
    graph.add_edge("approve", "publish")
    graph.add_edge("publish", END)
    return graph.compile(checkpointer=InMemorySaver(), name="research_assistant")
