"""Which keys do what: the table's keys with the user's own in their place, never one key for two commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from app.commands.table import COMMANDS, MENUS
from app.state import State
from core.errors import PlannerError

Changed = Mapping[str, str]
"""Command key -> the keys the user gave it, as Qt writes them in English; empty for none."""


def shortcuts_of(changed: Changed) -> dict[str, tuple[str, ...]]:
    """Command key -> its keys, the first one is shown.

    Where a settings file gives one key twice, what the program itself says wins, and the user's other is left out.
    """
    wanted = {one.key: _wanted(one.key, one.shortcuts, changed) for one in COMMANDS}
    counts = Counter(keys for several in wanted.values() for keys in several)
    return {
        key: tuple(keys for keys in several if key not in changed or _is_free(keys, counts))
        for key, several in wanted.items()
    }


def with_shortcut(changed: Changed, key: str, keys: str) -> dict[str, str]:
    """The user's keys with `keys` for the command `key`.

    Raises:
        PlannerError: another command has it, or it opens a menu; nothing has changed.
    """
    title = title_of(key)
    if keys in menu_keys():
        raise _clash(keys, title, f"it opens the menu {menu_keys()[keys]}")
    others = shortcuts_of(changed)
    other = next((one for one, theirs in others.items() if one != key and keys in theirs), None)
    if keys and other is not None:
        raise _clash(keys, title, f"it belongs to {title_of(other)}")
    return {**changed, key: keys}


def without_shortcut(changed: Changed, key: str) -> dict[str, str]:
    """The user's keys with the program's own for the command `key` again.

    Raises:
        PlannerError: another command has taken the program's own.
    """
    rest = {one: keys for one, keys in changed.items() if one != key}
    own = next(one.shortcuts for one in COMMANDS if one.key == key)
    for other, theirs in shortcuts_of(changed).items():
        taken = next((keys for keys in own if other != key and keys in theirs), None)
        if taken is not None:
            raise _clash(taken, title_of(key), f"it belongs to {title_of(other)}")
    return rest


def title_of(key: str) -> str:
    """What a command is called where nothing is open."""
    return next(one.title_for(State()) for one in COMMANDS if one.key == key).rstrip("…")


def menu_keys() -> dict[str, str]:
    """The keys that open a menu, and its title."""
    titles = MENUS.values()
    return {f"Alt+{title[title.index('&') + 1].upper()}": title.replace("&", "") for title in titles}


def _wanted(key: str, own: tuple[str, ...], changed: Changed) -> tuple[str, ...]:
    if key not in changed:
        return own
    return (changed[key],) if changed[key] else ()


def _is_free(keys: str, counts: Counter[str]) -> bool:
    return counts[keys] == 1 and keys not in menu_keys()


def _clash(keys: str, title: str, why: str) -> PlannerError:
    return PlannerError(f"{keys} is not given to {title}", why, "press other keys, or change that one first")
