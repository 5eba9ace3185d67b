"""From the bytes of an envelope to validated records, or to dead letters that say exactly why not."""

from operators.decode.decoder import Decoder
from operators.decode.messages import Decoded, Messages, Undecodable

__all__ = ["Decoded", "Decoder", "Messages", "Undecodable"]
