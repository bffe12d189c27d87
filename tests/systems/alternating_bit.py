"""
The alternating bit protocol over lossy channels.

:Source: tlaplus/Examples, specifications/SpecifyingSystems/TLC/AlternatingBit.tla with
    MCAlternatingBit.cfg: two data, at most two messages in each channel.
:Published: 240 distinct states and 10 levels (manifest.json two folders up); SentLeadsToRcvd holds,
    with receiving strongly fair.
:Omits: nothing. There a constraint cuts off longer channels; here nothing is sent to a full one,
    which leaves the same states. Losing is a fair step here, since the others are dropped where
    convergence is asked: so messages are lost again and again.
"""

from itertools import product

import attrs

from seatrial.core import (
    Fairness,
    Outcomes,
    Parameter,
    System,
    Variable,
    action,
    converges_to,
    outcome,
)

__all__ = ["alternating_bit", "delivers"]

Message = tuple[int, str]


@action(actor="sender", writes=("send_bit", "sent", "messages"), fair="none")
def send_new(
    send_bit: int,
    acknowledged: int,
    messages: tuple[Message, ...],
    room: int,
    data: tuple[str, ...],
) -> Outcomes:
    """The last value has been acknowledged: send another."""
    if acknowledged == send_bit and len(messages) < room:
        for value in data:
            bit = 1 - send_bit
            yield outcome(
                f"send {value}", send_bit=bit, sent=value, messages=(*messages, (bit, value))
            )


@action(actor="sender", writes="messages")
def send_again(
    send_bit: int, acknowledged: int, sent: str, messages: tuple[Message, ...], room: int
) -> Outcomes:
    """It has not been acknowledged: send it again."""
    if acknowledged != send_bit and len(messages) < room:
        yield outcome("send again", messages=(*messages, (send_bit, sent)))


@action(actor="receiver", writes=("messages", "receive_bit", "received"))
def receive(messages: tuple[Message, ...]) -> Outcomes:
    """The first message in the channel."""
    if messages:
        bit, value = messages[0]
        yield outcome("receive", messages=messages[1:], receive_bit=bit, received=value)


@action(actor="receiver", writes="acknowledgements")
def acknowledge(receive_bit: int, acknowledgements: tuple[int, ...], room: int) -> Outcomes:
    """Say which bit came last."""
    if len(acknowledgements) < room:
        yield outcome("acknowledge", acknowledgements=(*acknowledgements, receive_bit))


@action(actor="sender", writes=("acknowledgements", "acknowledged"))
def receive_acknowledgement(acknowledgements: tuple[int, ...]) -> Outcomes:
    """The first acknowledgement in the channel."""
    if acknowledgements:
        yield outcome(
            "receive acknowledgement",
            acknowledgements=acknowledgements[1:],
            acknowledged=acknowledgements[0],
        )


@action(actor="channel", writes="messages")
def lose_message(messages: tuple[Message, ...]) -> Outcomes:
    """Any one."""
    for at in range(len(messages)):
        yield outcome("lose message", messages=messages[:at] + messages[at + 1 :])


@action(actor="channel", writes="acknowledgements")
def lose_acknowledgement(acknowledgements: tuple[int, ...]) -> Outcomes:
    """Any one."""
    for at in range(len(acknowledgements)):
        left = acknowledgements[:at] + acknowledgements[at + 1 :]
        yield outcome("lose acknowledgement", acknowledgements=left)


@converges_to(
    says="a value that has been sent, and not been acknowledged, is received",
    source="SpecifyingSystems/TLC/MCAlternatingBit.tla, SentLeadsToRcvd",
)
def delivers(sent: str, received: str, send_bit: int, acknowledged: int) -> bool:
    """Though messages are lost for ever, not all of them are, where receiving is strongly fair."""
    return sent == received or send_bit == acknowledged


def alternating_bit(
    data: tuple[str, ...] = ("d1", "d2"), room: int = 2, receiving: Fairness = "strong"
) -> System:
    """Empty channels, any bit, any values."""
    return System(
        name="alternating-bit",
        parameters=[Parameter("data", data), Parameter("room", room)],
        variables=[
            Variable("messages"),
            Variable("acknowledgements"),
            Variable("send_bit"),
            Variable("acknowledged", about="the bit that the sender heard of last"),
            Variable("receive_bit"),
            Variable("sent"),
            Variable("received"),
        ],
        actions=[
            send_new,
            send_again,
            attrs.evolve(receive, fair=receiving),
            acknowledge,
            attrs.evolve(receive_acknowledgement, fair=receiving),
            lose_message,
            lose_acknowledgement,
        ],
        initial=[
            {
                "messages": (),
                "acknowledgements": (),
                "send_bit": bit,
                "acknowledged": bit,
                "receive_bit": bit,
                "sent": sent,
                "received": received,
            }
            for bit, sent, received in product((0, 1), data, data)
        ],
    )
