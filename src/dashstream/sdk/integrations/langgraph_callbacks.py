"""Callback handlers: thin adapters from langchain-core's callbacks to a :class:`RunScope`.

With ``tokens`` on the handler carries langchain-core's streaming mark, which makes chat models use their streaming
interface under plain ``invoke()``: that is how tokens are seen at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler

from dashstream.sdk.integrations.langgraph_scope import RunScope

_log = logging.getLogger("dashstream.sdk")


class ScopeHandler(BaseCallbackHandler):
    """Hands every callback to the scope that :meth:`scope_of` names; never raises into the program."""

    run_inline = True
    ignore_retriever = True
    ignore_retry = True
    ignore_custom_event = True
    # ignore_agent stays off: langchain-core files tool calls under it

    def scope_of(self, run_id: UUID, parent_run_id: UUID | None) -> RunScope | None:
        """Return the scope that a callback belongs to."""
        raise NotImplementedError

    def will_retry(self, run_id: UUID, error: BaseException) -> bool | None:
        """Tell whether a failed try of a node will be followed by another, if that is known."""
        return None

    def on_chain_start(
        self,
        serialized: dict[str, Any],
        inputs: dict[str, Any],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if tags and (scope := self.scope_of(run_id, parent_run_id)):
            quietly(scope.chain_started, run_id, tags, metadata, inputs)

    def on_chain_end(self, outputs: dict[str, Any], *, run_id: UUID, **kwargs: Any) -> None:
        if scope := self.scope_of(run_id, None):
            quietly(scope.chain_ended, run_id)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        if scope := self.scope_of(run_id, None):
            quietly(scope.chain_failed, run_id, error, will_retry=self.will_retry(run_id, error))

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[Any]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self._model_start(serialized, messages[0] if messages else [], run_id, parent_run_id, metadata, kwargs)

    def on_llm_start(
        self,
        serialized: dict[str, Any],
        prompts: list[str],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self._model_start(serialized, prompts, run_id, parent_run_id, metadata, kwargs)

    def _model_start(
        self,
        serialized: dict[str, Any] | None,
        messages: Sequence[Any],
        run_id: UUID,
        parent_run_id: UUID | None,
        metadata: dict[str, Any] | None,
        extra: dict[str, Any],
    ) -> None:
        if scope := self.scope_of(run_id, parent_run_id):
            params = extra.get("invocation_params") or {}
            quietly(scope.llm_started, run_id, messages, metadata, params, serialized)

    def on_llm_new_token(self, token: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if token and isinstance(token, str) and (scope := self.scope_of(run_id, None)):
            scope.token(run_id, token)

    def on_llm_end(self, response: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if scope := self.scope_of(run_id, None):
            quietly(scope.llm_ended, run_id, response)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        if scope := self.scope_of(run_id, None):
            quietly(scope.llm_failed, run_id, error)

    def on_tool_start(
        self,
        serialized: dict[str, Any],
        input_str: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        inputs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if scope := self.scope_of(run_id, parent_run_id):
            name = str((serialized or {}).get("name") or kwargs.get("name") or "tool")
            arguments = inputs if inputs is not None else input_str
            call_id = kwargs.get("tool_call_id")
            quietly(scope.tool_started, run_id, name, arguments, call_id, metadata)

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        if scope := self.scope_of(run_id, None):
            quietly(scope.tool_ended, run_id, output)

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        if scope := self.scope_of(run_id, None):
            quietly(scope.tool_failed, run_id, error)


class RunHandler(ScopeHandler):
    """The handler of one run."""

    def __init__(self, scope: RunScope, owner: Any) -> None:
        self.scope = scope
        self.owner = owner

    def scope_of(self, run_id: UUID, parent_run_id: UUID | None) -> RunScope | None:
        return self.scope

    def will_retry(self, run_id: UUID, error: BaseException) -> bool | None:
        execution = self.scope.try_of(run_id)
        if execution is None:
            return None
        try:
            known: bool | None = self.owner.will_retry(execution, error)
        except Exception:  # noqa: BLE001  # what cannot be known is left out
            return None
        return known


try:
    from langchain_core.tracers._streaming import _StreamingCallbackHandler

    HAS_TOKENS = True

    class TokenRunHandler(RunHandler, _StreamingCallbackHandler):  # type: ignore[type-arg]  # its parameter is the library's own business
        """The handler of one run, marked so that chat models stream."""

        def tap_output_iter(self, run_id: UUID, output: Any) -> Any:
            return output

        def tap_output_aiter(self, run_id: UUID, output: Any) -> Any:
            return output

except ImportError:  # langchain-core moved its mark: tokens are seen only where the program streams
    HAS_TOKENS = False
    TokenRunHandler = RunHandler  # type: ignore[misc, assignment]  # one name for either class


def run_handler(scope: RunScope, owner: Any, *, tokens: bool) -> RunHandler:
    """Return the handler of one run, with tokens or without."""
    return TokenRunHandler(scope, owner) if tokens else RunHandler(scope, owner)


class ObserveHandler(BaseCallbackHandler):
    """What ``dashstream.handler()`` returns: marks a run as observed and does nothing else."""

    run_inline = True
    ignore_chain = True
    ignore_llm = True
    ignore_chat_model = True
    ignore_retriever = True
    ignore_agent = True
    ignore_retry = True
    ignore_custom_event = True

    def __init__(self, publisher: Any) -> None:
        self.publisher = publisher


def quietly(function: Callable[..., Any], *arguments: Any, **named: Any) -> None:
    try:
        function(*arguments, **named)
    except Exception:  # noqa: BLE001  # the program must not notice that it is observed
        _log.debug("callback failed", exc_info=True)
