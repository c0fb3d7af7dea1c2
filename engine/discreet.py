"""Types that do not show all of themselves: secrets, identifiers and what a vendor answered must not stand in a log or an error.

Nor must all of a value count where it is compared with another one.
"""

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


class Alike:
    """Beside `Struct`, before it: values that differ only in the fields of UNCOMPARED are equal."""

    __slots__ = ()
    UNCOMPARED: ClassVar[tuple[str, ...]] = ()
    __struct_fields__: ClassVar[tuple[str, ...]]

    def _compared(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__struct_fields__ if name not in self.UNCOMPARED)

    def __eq__(self, other: object) -> bool:
        """Compare the other fields."""
        return self._compared() == other._compared() if type(self) is type(other) and isinstance(other, Alike) else NotImplemented

    def __hash__(self) -> int:
        """Hash the other fields."""
        return hash(self._compared())
