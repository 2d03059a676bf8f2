"""Which revision of the plan changed which item: how an edit that was made on an old plan is told from a fresh one."""

from __future__ import annotations

from plan.plan import Plan


class Revisions:
    """Counts the changes of one plan. The one who owns the plan asks it in the thread that changes the plan."""

    def __init__(self, plan: Plan) -> None:
        # A viewer that knew a server before this one must not find its old revision here again.
        self.current = 1
        self._plan = plan
        self._changed_at = {item.item_id: self.current for item in plan.items}

    def follow(self, plan: Plan) -> bool:
        """Take over a plan; True when it is another one, which is then a new revision."""
        if plan is self._plan or plan == self._plan:
            return False
        self.current += 1
        before = {item.item_id: item for item in self._plan.items}
        after = {item.item_id: item for item in plan.items}
        for item_id in before.keys() | after.keys():
            if before.get(item_id) != after.get(item_id):
                self._changed_at[item_id] = self.current
        self._plan = plan
        return True

    def is_stale(self, item_id: str, base: int) -> bool:
        """True when the item changed after the revision `base`, or when no viewer can have seen `base` yet."""
        return base > self.current or self._changed_at.get(item_id, self.current) > base
