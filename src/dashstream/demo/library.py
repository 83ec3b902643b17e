"""What the assistant can know: a few questions, and for each the facts its tools find."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """One question, the sub-questions a planner would ask, and a fact that answers each."""

    question: str
    facts: dict[str, str]

    @property
    def parts(self) -> list[str]:
        return list(self.facts)


TOPICS = (
    Topic(
        "Why do we see only one side of the Moon?",
        {
            "How fast does the Moon spin?": "The Moon turns once on its axis in 27.3 days.",
            "How long is its orbit?": "One orbit around the Earth takes 27.3 days as well.",
            "What keeps both in step?": "Tides in its rock slowed the spin until both periods matched.",
        },
    ),
    Topic(
        "How do vaccines give lasting protection?",
        {
            "What does a vaccine show the body?": "A harmless piece of a germ to learn from.",
            "Which cells remember it?": "Memory B and T cells live for years and answer faster.",
        },
    ),
    Topic(
        "Why is the sky blue and the sunset red?",
        {
            "How does air scatter light?": "Molecules scatter short waves far more than long ones.",
            "What changes at sunset?": "Light crosses more air, and most of the blue is lost on the way.",
            "Why is the sky not violet?": "The Sun sends less violet, and our eyes are less sensitive to it.",
            "Does dust matter?": "Fine dust deepens the reds by scattering what little blue is left.",
        },
    ),
    Topic(
        "What makes bread rise?",
        {
            "What does yeast eat?": "Sugars that enzymes free from the starch of the flour.",
            "Where does the gas stay?": "Gluten forms a stretchy net that holds the carbon dioxide.",
            "What happens in the oven?": "The gas expands, then the starch sets and keeps the shape.",
        },
    ),
)

DEFINITIONS = {
    "Moon": "the Earth's natural satellite",
    "orbit": "the path of one body around another",
    "vaccine": "a preparation that trains the immune system",
    "light": "electromagnetic radiation that we can see",
    "yeast": "a single-celled fungus",
}


def topic_of(question: str) -> Topic:
    """Return the topic of a question; any other question gets the first topic's facts."""
    return next((topic for topic in TOPICS if topic.question == question), TOPICS[0])


def fact_about(part: str) -> str:
    """Return the fact that answers a sub-question."""
    return next((topic.facts[part] for topic in TOPICS if part in topic.facts), "Nothing reliable was found on this.")
