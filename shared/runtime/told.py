"""What is wrong outside of the code: it is told to a person, in one message."""

from typing import ClassVar


class Told(Exception):  # noqa: N818 - it is said of a setting, a folder, a server
    """Whoever typed a command can mend it: he is told the text, and never a trace.

    `is_no`: what was asked is answered, and the answer is no. `hint`: where to look next.
    """

    is_no: ClassVar[bool] = False
    hint: ClassVar[str] = ""
