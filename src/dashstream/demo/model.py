"""A chat model with a script instead of weights: it streams word by word, counts tokens and calls tools."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

TOKEN = re.compile(r"\s*\S+")


class ScriptedModel(BaseChatModel):
    """Answers with ``reply`` (and ``calls`` to tools), one word every ``pause_s`` seconds."""

    reply: str
    calls: list[dict[str, Any]] = Field(default_factory=list)
    pause_s: float = 0.0
    model_name: str = "scripted-1"

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> Any:
        params = super()._get_ls_params(stop=stop, **kwargs)
        return {**params, "ls_provider": "demo", "ls_model_name": self.model_name}

    def _chunks(self, messages: list[BaseMessage]) -> Iterator[ChatGenerationChunk]:
        words = TOKEN.findall(self.reply)
        for word in words:
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))
        prompt = sum(len(TOKEN.findall(str(message.content))) for message in messages)
        usage = UsageMetadata(input_tokens=prompt, output_tokens=len(words), total_tokens=prompt + len(words))
        last = AIMessageChunk(
            content="",
            tool_call_chunks=[
                {"name": call["name"], "args": call["args"], "id": call["id"], "index": index}
                for index, call in enumerate(self.calls)
            ],
            usage_metadata=usage,
            response_metadata={
                "finish_reason": "tool_calls" if self.calls else "stop",
                "model_name": self.model_name,
            },
        )
        yield ChatGenerationChunk(
            message=last, generation_info={"finish_reason": last.response_metadata["finish_reason"]}
        )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002  # the signature is the library's
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002  # the signature is the library's
        **_: Any,
    ) -> ChatResult:
        message = AIMessageChunk(content="")
        for chunk in self._chunks(messages):
            message = message + chunk.message  # type: ignore[assignment]  # chunks of one kind add up to that kind
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002  # the signature is the library's
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **_: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._chunks(messages):
            await asyncio.sleep(self.pause_s)
            if run_manager:
                await run_manager.on_llm_new_token(str(chunk.message.content), chunk=chunk)
            yield chunk
