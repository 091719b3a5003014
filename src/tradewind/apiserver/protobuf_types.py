"""How a protobuf message is described: its fields by number, with their names in JSON."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Field:
    """A field of a message: its JSON name, and what it is: text, bytes, int, bool, time, json (text in a
    message of its own), or a message.

    0 in an `optional` one is not the same as its absence.
    """

    name: str
    type: "str | Message" = "text"
    repeated: bool = False
    map: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Message:
    """The fields of a message by number."""

    fields: dict[int, Field] = field(default_factory=dict)


# apimachinery `intstr.IntOrString`: which of the two it is, a number and a text.
INT_OR_TEXT = Message({1: Field("type", "int"), 2: Field("number", "int"), 3: Field("text")})
