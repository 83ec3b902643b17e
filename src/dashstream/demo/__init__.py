"""A small research assistant on LangGraph that needs no key and no network.

It is an ordinary program: nothing in it knows DashStream. It shows what agent graphs do: a plan, a ``Send``
per question into a subgraph with tools, a model that streams, a retried error, a loop until a critic is
content, and a pause that waits for a person.
"""
