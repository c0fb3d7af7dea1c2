"""Types that do not show all of themselves: secrets, identifiers and what a vendor answered must not stand in a log or an error."""

from __future__ import annotations

from typing import ClassVar


class Discreet:
    """Beside `Struct`, before it: the `repr` leaves out the fields of HIDDEN."""

    __slots__ = ()
    HIDDEN: ClassVar[tuple[str, ...]] = ()
    __struct_fields__: ClassVar[tuple[str, ...]]

    def __repr__(self) -> str:
        """Show the other fields."""
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name not in self.HIDDEN)
        return f"{type(self).__name__}({', '.join(shown)})"
