"""A plan: the items a surgeon has placed in one patient space. Immutable; every change makes a new plan."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from plan.items import Item, new_id

ItemT = TypeVar("ItemT")


@dataclass(frozen=True)
class PlanVersion:
    """A plan that is kept beside the one that is worked on, in the same patient space.

    Attributes:
        name: what people call it.
        items: its items, unique by `item_id` within it; a copy has the ids of what it was copied from.
    """

    name: str
    items: tuple[Item, ...] = ()
    version_id: str = field(default_factory=new_id)


@dataclass(frozen=True)
class Plan:
    """Items in the order they were added.

    Attributes:
        frame_of_reference_uid: the patient space of every position; only an anatomy of the same space joins.
        items: the items, unique by `item_id`.
        notes: what a person wrote about the case; of all versions together.
        name, version_id: of the version that is worked on; empty while it is the only one and nobody named it.
        shelf: the other versions, in the order in which they were put aside.
    """

    frame_of_reference_uid: str = ""
    items: tuple[Item, ...] = ()
    notes: str = ""
    name: str = ""
    version_id: str = ""
    shelf: tuple[PlanVersion, ...] = ()

    def find(self, item_id: str) -> Item:
        """The item with this id. Raises KeyError when the plan has none."""
        for item in self.items:
            if item.item_id == item_id:
                return item
        raise KeyError(item_id)

    def of_type(self, kind: type[ItemT]) -> tuple[ItemT, ...]:
        """All items of one type, in order."""
        return tuple(item for item in self.items if isinstance(item, kind))

    def with_item(self, item: Item) -> Plan:
        """A plan with this item added, or put in the place of the one with the same id."""
        if any(old.item_id == item.item_id for old in self.items):
            items = tuple(item if old.item_id == item.item_id else old for old in self.items)
        else:
            items = (*self.items, item)
        return replace(self, items=items)

    def without_item(self, item_id: str) -> Plan:
        """A plan without the item of this id. Raises KeyError when the plan has none."""
        self.find(item_id)
        return replace(self, items=tuple(item for item in self.items if item.item_id != item_id))
